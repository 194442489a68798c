"""A box behind a button that closes when what it is for has been done.

Streamlit leaves a popover open after a form in it was sent, over what the form changed.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def closing(label: str, icon: str, key: str, *, disabled: bool = False) -> DeltaGenerator:
    """The box, shut at the first drawing after `close` was told its key."""
    if st.session_state.pop(_closing(key), False):
        st.session_state[key] = False
    return st.popover(label, icon=icon, key=key, disabled=disabled, on_change="rerun")


def close(key: str) -> None:
    """Shut the box; to be followed by a rerun, as its widget stands already."""
    st.session_state[_closing(key)] = True


def _closing(key: str) -> str:
    return f"{key}/closing"
