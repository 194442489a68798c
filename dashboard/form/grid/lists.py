"""The lists that a visitor has typed, right or wrong, and the grid that they make."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.errors import FieldError, InvalidExperiment
from core.spec.grid import Axis, Grid, axis_from_text, grid_of, typed


@dataclass
class Lists:
    """Text of values by the field's path; several paths with commas between take them together.

    ``origin`` is the draft's start that the lists belong to: another start clears them.
    """

    origin: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    generation: int = 0
    """Changes when a list came or went by other means than its own widget."""

    def follow(self, origin: str) -> None:
        """Clear them when the draft has another start."""
        if self.origin != origin:
            self.origin = origin
            self.texts.clear()
            self.generation += 1

    def take(self, grid: Grid, origin: str) -> None:
        """The lists of a grid, for a draft with that start."""
        self.origin = origin
        self.texts.clear()
        self.generation += 1
        for axis in grid.axes:
            self.texts[axis.key] = ", ".join(typed(value) for value in axis.values)

    def add(self, path: str, now: str) -> None:
        """Vary one more field, beginning with the value it has."""
        self.texts.setdefault(path, f"{now}, " if now else "")
        self.generation += 1

    def remove(self, key: str) -> None:
        """Let a field have its one value again."""
        self.texts.pop(key, None)
        self.generation += 1

    def grid(self) -> tuple[Grid, list[FieldError]]:
        """The grid of the lists that can be read, and what is wrong with the others."""
        axes: list[Axis] = []
        errors: list[FieldError] = []
        for key, text in self.texts.items():
            try:
                axes.append(axis_from_text(f"{key}={text}"))
            except InvalidExperiment as error:
                errors += error.errors
        try:
            return grid_of(axes), errors
        except InvalidExperiment as error:
            return Grid(), errors + error.errors
