"""Database entries that cannot be read: their number, the reasons, and a button to delete them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.records.runs import UnreadableRow
from core.settings import Settings
from dashboard import state
from dashboard.shared import failures
from dashboard.shared.text import counted, inert

_MOST_LISTED = 10
_REREAD_EVERY_S = 30.0
"""Such entries are rare, so they are not searched for at every rerun."""


def show() -> None:
    """Show the entries; nothing if every entry can be read."""
    rows = _rows(Settings.from_environment())
    if not rows:
        return
    listed = [f"- {inert(row.sentence)}" for row in rows[:_MOST_LISTED]]
    if len(rows) > _MOST_LISTED:
        listed.append(f"- and {len(rows) - _MOST_LISTED:,} more")
    with st.container(border=True, gap="xsmall"):
        st.markdown(
            f"**{counted(len(rows), 'entry', 'entries')} of the database cannot be read.** "
            "Everything else works.\n" + "\n".join(listed)
        )
        st.button(
            f"Delete {counted(len(rows), 'entry', 'entries')} permanently",
            icon=":material/delete:",
            key="runs/unreadable",
            on_click=_delete,
            args=(rows,),
        )


@st.cache_resource(show_spinner=False, ttl=_REREAD_EVERY_S, max_entries=2)
def _rows(settings: Settings) -> Sequence[UnreadableRow]:
    return tuple(state.client().unreadable.list())


def _delete(rows: Sequence[UnreadableRow]) -> None:
    failures.attempt(state.client().unreadable.delete, rows)
    _rows.clear()
