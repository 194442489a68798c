"""A popover that closes when its form was submitted.

Upstream: a popover stays open after a form in it was submitted, over what the form changed. With
``on_change`` code can close it (https://github.com/streamlit/streamlit/issues/8265), but then the
browser also reports when a person closes it by a click elsewhere. If that click is on a link to
another page, the report follows the request for that page, still names the old page and replaces it
(Streamlit 1.67, ``ScriptRequests.request_rerun``): the link does nothing. Lessons of a form are
pills and not popovers for the same reason.

Here: the popover gets another key, so the browser replaces it by a closed one.

It can go when a link works while a popover with ``on_change`` is open.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def closing(label: str, icon: str, key: str, *, disabled: bool = False) -> DeltaGenerator:
    """A popover that stays as the person left it until `close` is called with its key."""
    name = f"{key}/{st.session_state.get(_times_closed(key), 0)}"
    return st.popover(label, icon=icon, key=name, disabled=disabled)


def close(key: str) -> None:
    """Close the popover ``key`` in the next run: after it was drawn, rerun the page."""
    st.session_state[_times_closed(key)] = st.session_state.get(_times_closed(key), 0) + 1


def _times_closed(key: str) -> str:
    return f"{key}/times_closed"
