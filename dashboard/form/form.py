"""One drawing of a draft: where a widget writes and which sentence stands at which field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.errors import FieldError
from dashboard.form.draft import Draft, Path, dotted
from dashboard.shared.text import inert
from dashboard.streamlit_workarounds.field_values import Handing


@dataclass
class Form:
    """A draft, its wrong fields and the choices that only the lab knows (its data sets)."""

    draft: Draft
    errors: Sequence[FieldError] = ()
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Dotted path of a text field -> its possible values and what they are called."""
    claimed: frozenset[str] = frozenset()
    """Paths that have a place of their own and are skipped inside their group."""
    handing: Handing = field(default_factory=Handing)
    """How numbers reach the browser."""
    shown_errors: set[str] = field(default_factory=set)
    """Fields whose sentence has been shown."""

    def key(self, path: Path) -> str:
        """A widget's key. It changes when values moved under their fields."""
        return f"form/{self.draft.generation}/{dotted(path)}"

    def on_edit(self, path: Path, key: str, shown: Any, write: Callable[[Any], None]) -> Any:
        """The callback of the widget ``key``, drawn now with ``shown``: what a person changed."""
        generation = self.draft.generation

        def commit() -> None:
            value = st.session_state[key]
            if self.draft.is_edit(path, value, shown=shown, generation=generation):
                write(value)

        return commit

    def if_current(self, act: Callable[[], None]) -> Callable[[], None]:
        """A button's callback for what is drawn now: a second press must not hit another item."""
        generation = self.draft.generation

        def press() -> None:
            if self.draft.generation == generation:
                act()

        return press

    def num_errors(self, path: Path) -> int:
        """How many fields at or below a path are wrong."""
        return sum(_is_below(error.field, dotted(path)) for error in self.errors)

    def show_errors(self, path: Path, *, below: bool = False) -> None:
        """Put the sentences of the field at ``path`` on the page, here.

        ``below``: also those of its parts, for a field that is one widget for a whole list.
        """
        here = dotted(path)
        for error in self.errors:
            if error.field == here or (below and _is_below(error.field, here)):
                self.shown_errors.add(error.field)
                sentence(error.message)

    def show_error(self, path: Path, message: str) -> None:
        """Put a better sentence at the field at ``path`` than its errors have."""
        self.shown_errors.add(dotted(path))
        sentence(message)

    def show_remaining_errors(self) -> None:
        """Sentences whose field has no widget: shown once, with the field's name."""
        for error in self.errors:
            if error.field not in self.shown_errors:
                sentence(str(error))


def sentence(message: str) -> None:
    """What is wrong with a field, at the field."""
    st.markdown(f":red[:small[:material/error: {inert(message)}]]")


def _is_below(field: str, path: str) -> bool:
    return not path or field == path or field.startswith(f"{path}.")
