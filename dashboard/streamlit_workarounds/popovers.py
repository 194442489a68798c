"""A box behind a button that closes when what it is for has been done.

Streamlit leaves a popover open after a form in it was sent, over what the form changed.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def closing(label: str, icon: str, key: str, *, disabled: bool = False) -> DeltaGenerator:
    """The box, until `close` is told its key: from the next drawing on a new one, shut.

    By another key and not by ``on_change``: a box that tells the server when it is shut does so
    after the click that shut it, which may have been on a link to another page.
    """
    name = f"{key}/{st.session_state.get(_times_closed(key), 0)}"
    return st.popover(label, icon=icon, key=name, disabled=disabled)


def close(key: str) -> None:
    """Shut the box. It stands already in this drawing, so a rerun is to follow."""
    st.session_state[_times_closed(key)] = st.session_state.get(_times_closed(key), 0) + 1


def _times_closed(key: str) -> str:
    return f"{key}/times_closed"
