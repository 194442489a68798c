"""Errors on the page: one sentence each, while the details go to the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.errors import ConvscopeError, InvalidExperiment
from dashboard.shared.text import inert

logger = logging.getLogger(__name__)
_PENDING = "failures/pending"
_SHOWN_S = 10.0
"""How long an error stays on a part of the page that reruns by itself."""


@contextmanager
def shown() -> Iterator[None]:
    """Show a ConvscopeError of the block as a sentence; the rest of the page is rendered."""
    try:
        yield
    except ConvscopeError as error:
        logger.info("Shown on the page: %s", error)
        show(str(error))


def attempt(action: Callable[..., Any], *args: Any) -> None:
    """Call ``action`` in a widget's callback; the page shows the sentence of a ConvscopeError."""
    succeeded(action, *args)


def succeeded(action: Callable[..., Any], *args: Any) -> bool:
    """As ``attempt``; returns whether there was no error."""
    try:
        action(*args)
    except ConvscopeError as error:
        logger.info("Shown on the page: %s", error)
        st.session_state.setdefault(_PENDING, []).append(str(error))
        return False
    return True


def show_pending() -> None:
    """Show the errors of callbacks once, at the top of the page."""
    for sentence in st.session_state.pop(_PENDING, []):
        show(sentence)


def show_recent(part: str, now: float) -> None:
    """Show the errors of callbacks in a part that reruns by itself, long enough to be read.

    ``now`` is in seconds of a monotonic clock.
    """
    recent: RecentErrors = st.session_state.setdefault(f"failures/{part}", RecentErrors())
    for sentence in recent.with_new(st.session_state.pop(_PENDING, []), now):
        show(sentence)


@dataclass
class RecentErrors:
    """Sentences by the second since which each has been shown."""

    since: dict[str, float] = field(default_factory=dict)

    def with_new(self, sentences: Iterable[str], now: float) -> list[str]:
        """Add ``sentences``, drop old ones and return the rest: the newest last, none twice."""
        for each in sentences:
            self.since.pop(each, None)
            self.since[each] = now
        self.since = {each: at for each, at in self.since.items() if now - at < _SHOWN_S}
        return list(self.since)


def show(sentence: str) -> None:
    """Show one error where this is called."""
    st.error(inert(sentence), icon=":material/error:")


def keep_form_errors(form: str, error: ConvscopeError | None) -> None:
    """Store the errors of a submitted form until its next submission; None for no error.

    A part that reruns by itself would otherwise show them for one rerun only.
    """
    errors = error.errors if isinstance(error, InvalidExperiment) else [error] if error else []
    st.session_state[_form_key(form)] = [str(each) for each in errors]


def show_form_errors(form: str) -> None:
    """Show the stored errors of a form, in small red text below its fields."""
    for each in st.session_state.get(_form_key(form), []):
        st.markdown(f":red[:small[:material/error: {inert(each)}]]")


def _form_key(form: str) -> str:
    return f"refused/{form}"
