"""Draw a page again when its browser reaches a server that was restarted.

A new server knows nothing of the page. Streamlit 1.67's front end (its function
``handleConnectionStateChanged``) requests a drawing only where a fragment is drawn by itself, or
was drawn last. Without one the page stays as it was: the first change of a field is lost to the
fresh session, charts that failed to load stay away, and a picture meets files that are gone.

It can go once Streamlit draws the page at every reconnection to another session:
``tests/end_to_end/test_rerun_on_reconnect.py`` fails then.
"""

from __future__ import annotations

from datetime import timedelta

import streamlit as st

# The front end looks at whether there is such a fragment, not at when it is due.
_RARELY = timedelta(days=1)


def apply() -> None:
    """Put a fragment on the page that draws nothing, once a day. Called for every page."""
    st.fragment(_draw_nothing, run_every=_RARELY)()


def _draw_nothing() -> None:
    """Nothing."""
