"""A link from a page to itself changes the address of the browser.

Upstream: ``st.page_link`` with ``query_params``
(https://github.com/streamlit/streamlit/pull/13093) writes the address only when it leads to
another page (Streamlit 1.67, ``App.tsx``, ``sendRerunBackMsg``). On the same page the parameters
arrive with one run, and the next run has those of the old address.

Here: when the parameters that links carry have changed since the last run of the same page, the
server sends the whole address to the browser.

It can go when such a link writes the address by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

import streamlit as st

_LAST = "address/held"


def keep_address(page: str, parts: Iterable[str]) -> None:
    """Write the address that this run of ``page`` was requested with into the browser.

    ``parts``: the query parameters that links to the page carry. Others belong to widgets, which
    write them themselves.
    """
    linked = [st.query_params.get(name) for name in parts]
    last = st.session_state.get(_LAST)
    st.session_state[_LAST] = (page, linked)
    if last is not None and last[0] == page and last[1] != linked:
        st.query_params.update()  # changes nothing, and sends the whole address
