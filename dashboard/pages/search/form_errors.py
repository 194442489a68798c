"""What a form of a live part could not take: it stands there until the next try.

A live part is drawn anew every second, and a sentence drawn only when the button is pressed would
be gone with the next one.
"""

from __future__ import annotations

import streamlit as st

from core.errors import ConvscopeError, InvalidExperiment
from dashboard.form.form import sentence


def note(place: str, error: ConvscopeError | None) -> None:
    """Remember what was wrong with the form at ``place``; None when nothing was."""
    errors = error.errors if isinstance(error, InvalidExperiment) else [error] if error else []
    st.session_state[_key(place)] = [str(each) for each in errors]


def show(place: str) -> None:
    """Its sentences, as long as they hold."""
    for each in st.session_state.get(_key(place), []):
        sentence(each)


def _key(place: str) -> str:
    return f"refused/{place}"
