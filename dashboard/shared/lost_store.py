"""Checks whether the database is lost or back, before each page is rendered."""

from __future__ import annotations

import logging
from contextlib import suppress

import streamlit as st

from core.errors import ConvscopeError, FolderRefused, StoreCode, StoreError, StoreGone
from dashboard import state
from dashboard.clock import QUIET_S

_log = logging.getLogger(__name__)


def require_store() -> None:
    """Raise StoreGone while the database is lost; reopen it when it is back.

    Raises FolderRefused for a results folder that is not opened because of its links. Other
    errors of the store are logged; the parts of the page that need the store raise them again.
    """
    client = state.client()
    try:
        client.revision()
    except StoreGone as error:
        # Caches and open connections belong to the lost database.
        if error.code is not StoreCode.JOURNAL_FOREIGN:
            client.close()
        state.forget_runs()
        raise
    except FolderRefused:
        raise
    except StoreError as error:
        _log.warning("%s", error)


def wait_for_store() -> None:
    """Rerun the whole page once the database is back; until then the error stays readable."""
    is_first = True

    def check() -> None:
        nonlocal is_first
        if not is_first:
            with suppress(ConvscopeError):
                require_store()
                st.rerun()
        is_first = False

    st.fragment(check, run_every=QUIET_S)()
