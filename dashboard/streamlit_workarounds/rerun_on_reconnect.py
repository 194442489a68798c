"""A page runs again when its browser reaches a server that was restarted.

Upstream: since https://github.com/streamlit/streamlit/pull/9083 the browser requests a run after a
reconnection only if a run was interrupted, and since
https://github.com/streamlit/streamlit/pull/11890 also if the page has fragments. A new server knows
nothing of the page, so a page without fragments stays as it was (Streamlit 1.67, ``App.tsx``,
``handleConnectionStateChanged``): the first change of a field is lost, charts that failed to load
stay away, and uploaded images are gone.

Here: every page has a fragment that shows nothing.

It can go when Streamlit runs a page at every reconnection to another session.
"""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

# The browser checks that there is such a fragment, not when it is due.
_RARELY = timedelta(days=1)


def apply() -> None:
    """Put a fragment on the page that shows nothing, once a day. Called for every page."""
    st.fragment(_show_nothing, run_every=_RARELY)()


def _show_nothing() -> None:
    """Nothing."""
