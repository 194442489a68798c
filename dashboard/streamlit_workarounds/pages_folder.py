"""A folder ``pages`` beside ``app.py`` that means nothing to Streamlit.

Upstream: Streamlit takes every file in a folder ``pages`` beside the main script for a page, until
``st.navigation`` runs for the first time. So the first visitor of a server who opens any page but
the first one reads "Page not found" over it (Streamlit 1.67, ``PagesManager``;
https://github.com/streamlit/streamlit/issues/9992).

Here: when the server starts, Streamlit's note that there is such a folder is set to False, as
``st.navigation`` does it.

It can go when the folder has another name, or when Streamlit no longer gives the name a meaning.
"""

from __future__ import annotations

from streamlit.runtime.pages_manager import PagesManager


def ignore() -> None:
    """Make Streamlit ignore the folder. Called once, before the first request."""
    PagesManager.uses_pages_directory = False
