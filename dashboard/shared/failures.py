"""What went wrong, in one sentence on the page; the traceback goes to the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.errors import ConvscopeError
from dashboard.shared.text import inert

logger = logging.getLogger(__name__)
_PENDING = "failures/pending"
_READ_S = 10.0


@contextmanager
def shown() -> Iterator[None]:
    """Show an error of the lab as its sentence where it happens; the rest of the page stands."""
    try:
        yield
    except ConvscopeError as error:
        logger.info("Shown on the page: %s", error)
        show(str(error))


def attempt(action: Callable[..., Any], *args: Any) -> None:
    """Do something in a widget's callback; when it failed its sentence comes on the page."""
    succeeded(action, *args)


def succeeded(action: Callable[..., Any], *args: Any) -> bool:
    """The same, and whether it went well."""
    try:
        action(*args)
    except ConvscopeError as error:
        logger.info("Shown on the page: %s", error)
        st.session_state.setdefault(_PENDING, []).append(str(error))
        return False
    return True


def show_pending() -> None:
    """Show what callbacks could not do: once, at the top of the page."""
    for sentence in st.session_state.pop(_PENDING, []):
        show(sentence)


def show_standing(part: str, now: float) -> None:
    """The same in a part that is drawn again and again: long enough to be read.

    ``now``: seconds of a clock that never goes back.
    """
    standing: Standing = st.session_state.setdefault(f"failures/{part}", Standing())
    for sentence in standing.with_new(st.session_state.pop(_PENDING, []), now):
        show(sentence)


@dataclass
class Standing:
    """Sentences, each with the second since when it stands there."""

    since: dict[str, float] = field(default_factory=dict)

    def with_new(self, sentences: Iterable[str], now: float) -> list[str]:
        """Every sentence that stands there now, the new ones last and none twice."""
        for each in sentences:
            self.since.pop(each, None)
            self.since[each] = now
        self.since = {each: at for each, at in self.since.items() if now - at < _READ_S}
        return list(self.since)


def show(sentence: str) -> None:
    """What went wrong, where it is called."""
    st.error(inert(sentence), icon=":material/error:")
