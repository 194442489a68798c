"""An experiment or a search as it is filled in so far, right or wrong, with undo. No Streamlit."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

Path = tuple[str | int, ...]
"""Where a value is: ``("model", "stages", 0, "pooling")``."""

_MOST_STEPS = 100


class Serializable(Protocol):
    """What a draft can start from: an experiment or a search."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        ...


def dotted(path: Path) -> str:
    """The path as errors have it: ``model.stages.0.pooling``."""
    return ".".join(str(part) for part in path)


@dataclass(frozen=True)
class _Step:
    """The content of a draft at one step, to undo to."""

    raw: dict[str, Any]
    start: dict[str, Any]
    origin: str
    preset: str | None


class Draft:
    """What is filled in so far, as plain data that may be wrong.

    ``generation`` grows when values move to other fields (undo, another start, the order of a
    list). It is part of the keys of widgets, so that they are then drawn from the draft again.
    """

    def __init__(self, experiment: Serializable, *, origin: str, preset: str | None = None) -> None:
        self.generation = 0
        self._past: list[_Step] = []
        self._set_aside: dict[tuple[str, str], Any] = {}
        self._now = _Step(experiment.to_dict(), experiment.to_dict(), origin, preset)

    @property
    def raw(self) -> dict[str, Any]:
        """What is filled in, as plain data for ``core.spec.parse``."""
        return self._now.raw

    @property
    def origin(self) -> str:
        """What it was started from, in words."""
        return self._now.origin

    @property
    def preset(self) -> str | None:
        """Name of the preset that it was started from, if any."""
        return self._now.preset

    def start_from(
        self, experiment: Serializable, *, origin: str, preset: str | None = None
    ) -> None:
        """Replace everything by an experiment; can be undone."""
        self._remember()
        self._set_aside.clear()
        self._now = _Step(experiment.to_dict(), experiment.to_dict(), origin, preset)
        self.generation += 1

    def get(self, path: Path) -> Any:
        """The value at a path."""
        node: Any = self.raw
        for part in path:
            node = node[part]
        return node

    def is_edit(self, path: Path, value: Any, *, shown: Any, generation: int) -> bool:
        """Whether the user changed a widget that was drawn with ``shown`` in ``generation``.

        When a rerun is interrupted, widgets of an earlier generation report their values again.
        Written into the draft, these would bring parts of an old start into the new one.
        """
        if generation == self.generation:
            return True
        return bool(value != shown) and self._has(path)

    def set(self, path: Path, value: Any) -> None:
        """Write one value; widgets call this when they change."""
        if self.get(path) != value:
            self._remember()
            self._write(path, value)

    def choose_kind(self, path: Path, defaults: dict[str, Any], shared: Iterable[str]) -> None:
        """Change the kind of the group at ``path``, to its earlier values or else its defaults.

        ``shared`` names the fields that keep their values from the old kind.
        """
        old = self.get(path)
        if old["kind"] == defaults["kind"]:
            return
        self._remember()
        self._set_aside[dotted(path), old["kind"]] = copy.deepcopy(old)
        kept = self._set_aside.get((dotted(path), defaults["kind"]), defaults)
        self._write(path, {**copy.deepcopy(kept), **{name: old[name] for name in shared}})
        self.generation += 1

    def switch(self, path: Path, on: bool, defaults: dict[str, Any]) -> None:
        """Switch an optional group off, or on with its earlier values or else its defaults."""
        if (self.get(path) is not None) is on:
            return
        self._remember()
        if on:
            self._write(path, copy.deepcopy(self._set_aside.get((dotted(path), ""), defaults)))
        else:
            self._set_aside[dotted(path), ""] = copy.deepcopy(self.get(path))
            self._write(path, None)
        self.generation += 1

    def exchange(
        self, path: Path, on: bool, defaults: dict[str, Any], *, instead: Path, stages: list[Any]
    ) -> None:
        """Replace the list at ``instead`` by the optional group at ``path``, or the reverse.

        Each gets its earlier values, or else ``defaults`` and ``stages``.
        """
        if (self.get(path) is not None) is on:
            return
        self._remember()
        shown, hidden = (path, instead) if on else (instead, path)
        self._set_aside[dotted(hidden), ""] = copy.deepcopy(self.get(hidden))
        kept = self._set_aside.get((dotted(shown), ""), defaults if on else stages)
        self._write(shown, copy.deepcopy(kept))
        self._write(hidden, None if hidden == path else [])
        self.generation += 1

    def add(self, path: Path, item: Any) -> None:
        """Append an item to the list at ``path``."""
        self._change_list(path, lambda items: items.append(copy.deepcopy(item)))

    def duplicate(self, path: Path, index: int) -> None:
        """Insert a copy of an item after it."""
        self._change_list(path, lambda items: items.insert(index, copy.deepcopy(items[index])))

    def remove(self, path: Path, index: int) -> None:
        """Remove an item."""
        self._change_list(path, lambda items: items.pop(index))

    def move(self, path: Path, index: int, by: int) -> None:
        """Move an item by ``by`` places; does nothing beyond the ends of the list."""
        to = index + by
        if 0 <= to < len(self.get(path)):
            self._change_list(path, lambda items: items.insert(to, items.pop(index)))

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to undo."""
        return bool(self._past)

    @property
    def changed(self) -> bool:
        """Whether it differs from its start."""
        return self.raw != self._now.start

    def undo(self) -> None:
        """Undo the last step."""
        if self._past:
            self._now = self._past.pop()
            self.generation += 1

    def reset(self) -> None:
        """Return to the start; can be undone."""
        if self.changed:
            self._remember()
            self._now = replace(self._now, raw=copy.deepcopy(self._now.start))
            self.generation += 1

    def _remember(self) -> None:
        self._past.append(replace(self._now, raw=copy.deepcopy(self.raw)))
        del self._past[:-_MOST_STEPS]

    def _has(self, path: Path) -> bool:
        try:
            self.get(path)
        except (KeyError, IndexError, TypeError):
            return False  # the item or group was removed
        return True

    def _write(self, path: Path, value: Any) -> None:
        self.get(path[:-1])[path[-1]] = value

    def _change_list(self, path: Path, change: Callable[[list[Any]], object]) -> None:
        self._remember()
        items = list(self.get(path))
        change(items)
        self._write(path, items)
        self.generation += 1
