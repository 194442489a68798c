"""Numbers reach the browser through the session, once, and a rerun may lose them on their way.

A rerun that comes while the page is drawn drops what was not sent yet, and replaces what the
browser has not drawn yet. The session has the numbers already, so they would not be sent again
and every field would stay empty. So they go there at every drawing until the page was left in
peace.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import streamlit as st

_PEACE_S = 5.0
"""So long after a whole drawing even a busy browser has drawn it."""


@dataclass
class Handing:
    """What became of a page's numbers. Later they are not sent again: somebody may be typing."""

    on_the_way: bool = False
    drawn_at: float | None = None
    """When the last drawing ended, by ``time.monotonic``; None: it was cut short."""

    def begin(self) -> None:
        """Another drawing."""
        in_peace = self.drawn_at is not None and time.monotonic() - self.drawn_at >= _PEACE_S
        self.on_the_way = self.on_the_way and not in_peace
        self.drawn_at = None

    def hand(self, key: str, value: Any) -> None:
        """Give a widget its value, where the browser may not have it."""
        if key not in st.session_state:
            self.on_the_way = True
        if self.on_the_way:
            st.session_state[key] = value


@contextmanager
def handing_over(page: str) -> Iterator[Handing]:
    """Around the drawing of a page's form."""
    handing: Handing = st.session_state.setdefault(f"form/handing/{page}", Handing())
    handing.begin()
    yield handing
    # Not in a finally: a drawing that is cut short leaves by an exception.
    handing.drawn_at = time.monotonic()
