"""Values that code sets reach the fields of a form, also when runs follow closely.

Upstream: a value that code puts into the session goes to the browser once, with the next drawing
of its field (Streamlit 1.67, ``set_value`` in the field's message). If a second run follows
closely, the browser may show the messages of that run alone: those of the first are dropped on the
server, or replaced in the browser before they are shown. The field stays empty, though the session
has its value.

Here: a value is set again in every run, until five seconds have passed since a complete one. After
that it is not: somebody may be typing.

It can go when a value from the session reaches the browser whatever runs follow.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import streamlit as st

_SHOWN_AFTER_S = 5.0
"""By then even a busy browser has shown a complete run."""


@dataclass
class FieldValues:
    """Whether the browser may still lack values that one page has set."""

    is_pending: bool = False
    finished_at: float | None = None
    """When the last run ended, by ``time.monotonic``; None: it was cut short."""

    def begin(self) -> None:
        """Another run of the page begins."""
        finished = self.finished_at
        is_shown = finished is not None and time.monotonic() - finished >= _SHOWN_AFTER_S
        self.is_pending = self.is_pending and not is_shown
        self.finished_at = None

    def send(self, key: str, value: Any) -> None:
        """Set the value of the widget ``key``, unless the browser has it already."""
        if key not in st.session_state:
            self.is_pending = True
        if self.is_pending:
            st.session_state[key] = value


@contextmanager
def sending(page: str) -> Iterator[FieldValues]:
    """Around the drawing of the form of ``page``."""
    values: FieldValues = st.session_state.setdefault(f"form/values/{page}", FieldValues())
    values.begin()
    yield values
    # Not in a finally: a run that is cut short leaves by an exception.
    values.finished_at = time.monotonic()
