"""Numbers reach the browser through the session, once. Drawings that are cut short lose them.

A rerun that comes while the page is drawn drops what was not sent yet. The numbers would then
stay empty in the browser: the session has them already, so that they are not sent again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

_JUST_S = 0.5
"""So long after a drawing ended, its last parts may not have been sent yet."""


@contextmanager
def handing_over(page: str) -> Iterator[bool]:
    """Around the drawing of a page's form; says whether its numbers are to be sent once more."""
    key = f"form/drawn_at/{page}"
    begun_before = key in st.session_state
    drawn_at: float | None = st.session_state.get(key)
    st.session_state[key] = None
    yield begun_before and (drawn_at is None or time.monotonic() - drawn_at < _JUST_S)
    # Not in a finally: a drawing that is cut short leaves by an exception.
    st.session_state[key] = time.monotonic()
