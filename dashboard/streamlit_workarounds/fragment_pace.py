"""A part of a page that repeats, at an interval that may change.

Upstream: the browser learns the interval of a fragment (``run_every``) when the whole page runs and
at no other time (Streamlit 1.67, ``runtime/fragment.py``). A fragment cannot slow down, speed up or
end by itself.

Here: the whole page runs when the interval changes. That should be rare. While such a run begins, a
click on another page may be lost: two requests that wait on the server become one with the page
of the later (``ScriptRequests.request_rerun``), and what the browser sends until the other page
answers still names the old page. So callers keep an interval while people are likely to click, for
instance when a run has just ended.

It can go when a fragment may change its own interval.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st


def repeat(draw: Callable[[], None], every: float | None, is_outdated: Callable[[], bool]) -> None:
    """Draw now, and again every ``every`` seconds; None: not again.

    Where ``is_outdated`` says after a repetition that the interval must be another one, the whole
    page runs again.
    """
    is_first = True

    def tick() -> None:
        nonlocal is_first
        draw()
        if not is_first and is_outdated():
            st.rerun()
        is_first = False

    st.fragment(tick, run_every=every)()
