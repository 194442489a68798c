"""A half-filled experiment or search: what was typed, right or wrong, with undo. No Streamlit."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

Path = tuple[str | int, ...]
"""Where a value is: ``("model", "stages", 0, "pooling")``."""

_MOST_STEPS_BACK = 100


class Described(Protocol):
    """Something that can be filled in: an experiment, a search."""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        ...


def dotted(path: Path) -> str:
    """The path as errors and addresses write it: ``model.stages.0.pooling``."""
    return ".".join(str(part) for part in path)


@dataclass(frozen=True)
class _Step:
    """A draft at one moment."""

    raw: dict[str, Any]
    start: dict[str, Any]
    origin: str
    preset: str | None


class Draft:
    """What a person has filled in so far.

    ``raw`` is plain data that ``core.spec.parse`` reads or refuses. ``generation`` changes
    whenever values moved under their fields (undo, another start, a list's order): widgets
    carry it in their key and are then drawn afresh from the draft.
    """

    def __init__(self, experiment: Described, *, origin: str, preset: str | None = None) -> None:
        self.generation = 0
        self._past: list[_Step] = []
        self._laid_aside: dict[tuple[str, str], Any] = {}
        self._now = _Step(experiment.to_dict(), experiment.to_dict(), origin, preset)

    @property
    def raw(self) -> dict[str, Any]:
        """What is filled in, as plain data."""
        return self._now.raw

    @property
    def origin(self) -> str:
        """Where it started, in words."""
        return self._now.origin

    @property
    def preset(self) -> str | None:
        """The preset it started from, if it was one."""
        return self._now.preset

    def start_from(self, experiment: Described, *, origin: str, preset: str | None = None) -> None:
        """Begin again from an experiment; a step that undo takes back."""
        self._remember()
        self._laid_aside.clear()
        self._now = _Step(experiment.to_dict(), experiment.to_dict(), origin, preset)
        self.generation += 1

    def get(self, path: Path) -> Any:
        """The value at a path."""
        node: Any = self.raw
        for part in path:
            node = node[part]
        return node

    def is_edit(self, path: Path, value: Any, *, shown: Any, generation: int) -> bool:
        """Whether a person changed a widget that was drawn with ``shown`` in ``generation``.

        When a redraw is cut short, widgets of an earlier generation come once more with what
        they showed: written down, they would carry parts of the old start into the new one.
        """
        if generation == self.generation:
            return True
        return bool(value != shown) and self._has(path)

    def set(self, path: Path, value: Any) -> None:
        """Write one value; every widget calls this as it changes."""
        if self.get(path) != value:
            self._remember()
            self._write(path, value)

    def choose_kind(self, path: Path, defaults: dict[str, Any], shared: Iterable[str]) -> None:
        """Another kind of group at ``path``: what it had before, else its defaults; ``shared``
        names the fields whose values go over from the old kind."""
        old = self.get(path)
        if old["kind"] == defaults["kind"]:
            return
        self._remember()
        self._laid_aside[dotted(path), old["kind"]] = copy.deepcopy(old)
        kept = self._laid_aside.get((dotted(path), defaults["kind"]), defaults)
        self._write(path, {**copy.deepcopy(kept), **{name: old[name] for name in shared}})
        self.generation += 1

    def switch(self, path: Path, on: bool, defaults: dict[str, Any]) -> None:
        """Switch an optional group on (with what it had before, else its defaults) or off."""
        if (self.get(path) is not None) is on:
            return
        self._remember()
        if on:
            self._write(path, copy.deepcopy(self._laid_aside.get((dotted(path), ""), defaults)))
        else:
            self._laid_aside[dotted(path), ""] = copy.deepcopy(self.get(path))
            self._write(path, None)
        self.generation += 1

    def exchange(
        self, path: Path, on: bool, defaults: dict[str, Any], *, instead: Path, stages: list[Any]
    ) -> None:
        """Switch an optional group on in place of the list at ``instead``, or off for the list.

        Each comes back with what it had before, else with ``defaults`` and ``stages``.
        """
        if (self.get(path) is not None) is on:
            return
        self._remember()
        coming, going = (path, instead) if on else (instead, path)
        self._laid_aside[dotted(going), ""] = copy.deepcopy(self.get(going))
        kept = self._laid_aside.get((dotted(coming), ""), defaults if on else stages)
        self._write(coming, copy.deepcopy(kept))
        self._write(going, None if going == path else [])
        self.generation += 1

    def add(self, path: Path, item: Any) -> None:
        """Append an item to the list at ``path``."""
        self._change_list(path, lambda items: items.append(copy.deepcopy(item)))

    def duplicate(self, path: Path, index: int) -> None:
        """Put a copy of an item behind it."""
        self._change_list(path, lambda items: items.insert(index, copy.deepcopy(items[index])))

    def remove(self, path: Path, index: int) -> None:
        """Take an item out."""
        self._change_list(path, lambda items: items.pop(index))

    def move(self, path: Path, index: int, by: int) -> None:
        """Move an item by so many places; nothing beyond the list's ends."""
        to = index + by
        if 0 <= to < len(self.get(path)):
            self._change_list(path, lambda items: items.insert(to, items.pop(index)))

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._past)

    @property
    def changed(self) -> bool:
        """Whether it differs from where it started."""
        return self.raw != self._now.start

    def undo(self) -> None:
        """Take the last step back."""
        if self._past:
            self._now = self._past.pop()
            self.generation += 1

    def reset(self) -> None:
        """Back to the start; a step that undo takes back."""
        if self.changed:
            self._remember()
            self._now = replace(self._now, raw=copy.deepcopy(self._now.start))
            self.generation += 1

    def _remember(self) -> None:
        self._past.append(replace(self._now, raw=copy.deepcopy(self.raw)))
        del self._past[:-_MOST_STEPS_BACK]

    def _has(self, path: Path) -> bool:
        try:
            self.get(path)
        except (KeyError, IndexError, TypeError):
            return False  # its item or its group is gone
        return True

    def _write(self, path: Path, value: Any) -> None:
        self.get(path[:-1])[path[-1]] = value

    def _change_list(self, path: Path, change: Callable[[list[Any]], object]) -> None:
        self._remember()
        items = list(self.get(path))
        change(items)
        self._write(path, items)
        self.generation += 1
