"""The lab's database is lost, or back: every page asks before it is drawn."""

from __future__ import annotations

import logging
from contextlib import suppress

import streamlit as st

from core.errors import ConvscopeError, FolderRefused, StoreCode, StoreError, StoreGone
from dashboard import state

_log = logging.getLogger(__name__)


def require_store() -> None:
    """Raise StoreGone while the lab's database is lost; open the one that is there when it is back.

    Raises FolderRefused for a results folder that is not opened because of its links.
    Any other trouble with the store is left to the parts of the page that need it.
    """
    lab = state.client()
    try:
        lab.revision()
    except StoreGone as error:
        # What is kept here belongs to the lost database, and so do the open connections.
        if error.code is not StoreCode.JOURNAL_FOREIGN:
            lab.close()
        state.forget_runs()
        raise
    except FolderRefused:
        raise
    except StoreError as error:
        _log.warning("%s", error)


def wait_for_store() -> None:
    """Draw the whole page again once a database is there; the sentence can be read meanwhile."""
    is_first = True

    def look() -> None:
        nonlocal is_first
        if not is_first:
            with suppress(ConvscopeError):
                require_store()
                st.rerun()
        is_first = False

    st.fragment(look, run_every=state.QUIET_S)()
