"""A draft on the page: widget keys, callbacks that write into it, and errors at their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from core.errors import FieldError
from dashboard.form.draft import Draft, Path, dotted
from dashboard.shared.text import inert
from dashboard.streamlit_workarounds.field_values import FieldValues


@dataclass
class Form:
    """A draft, its errors, and the choices of fields that depend on the results folder."""

    draft: Draft
    errors: Sequence[FieldError] = ()
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Dotted path of a text field -> its possible values and their labels."""
    claimed: frozenset[str] = frozenset()
    """Paths that are drawn elsewhere and are therefore skipped in their group."""
    values: FieldValues = field(default_factory=FieldValues)
    """How values that code sets reach the browser."""
    shown_errors: set[str] = field(default_factory=set)
    """Dotted paths of the fields whose errors are on the page."""

    def key(self, path: Path) -> str:
        """The key of a widget. It changes when values move to other fields."""
        return f"form/{self.draft.generation}/{dotted(path)}"

    def on_edit(self, path: Path, key: str, shown: Any, write: Callable[[Any], None]) -> Any:
        """The callback of the widget ``key``: passes an edit of ``shown`` to ``write``."""
        generation = self.draft.generation

        def commit() -> None:
            value = st.session_state[key]
            if self.draft.is_edit(path, value, shown=shown, generation=generation):
                write(value)

        return commit

    def if_current(self, act: Callable[[], None]) -> Callable[[], None]:
        """A button's callback that does nothing once items moved: a double click acts once."""
        generation = self.draft.generation

        def press() -> None:
            if self.draft.generation == generation:
                act()

        return press

    def num_errors(self, path: Path) -> int:
        """Number of errors at or below a path."""
        return sum(_is_below(error.field, dotted(path)) for error in self.errors)

    def show_errors(self, path: Path, *, below: bool = False) -> None:
        """Show the errors of the field at ``path``.

        ``below``: also those of its parts, for a whole list in one widget.
        """
        here = dotted(path)
        for error in self.errors:
            if error.field == here or (below and _is_below(error.field, here)):
                self.shown_errors.add(error.field)
                sentence(error.message)

    def show_error(self, path: Path, message: str) -> None:
        """Show ``message`` at the field at ``path`` instead of its errors."""
        self.shown_errors.add(dotted(path))
        sentence(message)

    def show_remaining_errors(self) -> None:
        """Show the errors of fields without a widget, with the name of the field."""
        for error in self.errors:
            if error.field not in self.shown_errors:
                sentence(str(error))


def sentence(message: str) -> None:
    """Show the message of an error."""
    st.markdown(f":red[:small[:material/error: {inert(message)}]]")


def _is_below(field: str, path: str) -> bool:
    return not path or field == path or field.startswith(f"{path}.")
