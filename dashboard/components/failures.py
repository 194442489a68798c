"""What went wrong, in one sentence on the page; the traceback goes to the log."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from core.errors import ConvscopeError
from dashboard.components.text import inert

logger = logging.getLogger(__name__)
_PENDING = "failures/pending"


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
    for sentence in take_pending():
        show(sentence)


def take_pending() -> list[str]:
    """The sentences of what callbacks could not do, once: whoever takes them shows them."""
    taken: list[str] = st.session_state.pop(_PENDING, [])
    return taken


def show(sentence: str) -> None:
    """What went wrong, where it is called."""
    st.error(inert(sentence), icon=":material/error:")
