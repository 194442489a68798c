"""What a preset changes against its base, as few lines as say it. Nothing of Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, zip_longest
from typing import Any, NamedTuple

from core.spec import Experiment
from dashboard.form.lists import convolution, summary
from dashboard.shared import config_diff


class Change(NamedTuple):
    """A setting as the form calls it, and its values in the base and in the preset."""

    setting: str
    before: str
    after: str


def changes(base: Experiment, preset: Experiment) -> list[Change]:
    """Every setting that differs, in the order of the form. A stage, a layer or a group that
    only one of them has is one line, and so is a convolution of another kind."""
    folded = _fold(base.to_dict(), preset.to_dict())
    flats = [config_diff.flat(each) for each in folded]
    return [
        Change(config_diff.spoken(path), *(config_diff.shown(flat.get(path)) for flat in flats))
        for path in _in_order(flats, config_diff.paths(flats, only_differing=True))
    ]


def _in_order(flats: Sequence[config_diff.Flat], paths: Sequence[str]) -> list[str]:
    """What only the preset has stands where it stands there, and not at the end."""
    base, preset = (list(flat) for flat in flats)
    order = base.copy()
    for before, path in pairwise(["", *preset]):
        if path not in base:
            order.insert(order.index(before) + 1 if before in order else 0, path)
    return sorted(paths, key=order.index)


def _fold(one: Any, other: Any) -> tuple[Any, Any]:
    """Both, with a phrase in place of every group that the other has not, or of another kind."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if one.get("kind") != other.get("kind"):
            return phrase(one), phrase(other)
        pairs = {name: _fold(one[name], other.get(name)) for name in one}
        return {k: a for k, (a, _) in pairs.items()}, {k: b for k, (_, b) in pairs.items()}
    if isinstance(one, list) and isinstance(other, list):
        both = [_fold(a, b) for a, b in zip_longest(one, other)]
        return [a for a, _ in both[: len(one)]], [b for _, b in both[: len(other)]]
    if isinstance(one, Mapping) or isinstance(other, Mapping):
        return _phrase_or_none(one), _phrase_or_none(other)
    return one, other


def phrase(group: Mapping[str, Any]) -> str:
    """A group in a few words, what is off or 0 left out: ``sgd (momentum 0.9)``."""
    if "convolutions" in group:
        return summary(group)
    if "repeats" in group:
        return convolution(group) + _windows(group.get("windows", ()))
    fields = [
        f"{name.replace('_', ' ')} {config_diff.shown(value)}"
        for name, value in group.items()
        if name != "kind" and value and not isinstance(value, Mapping)
    ]
    kind = str(group.get("kind", "")).replace("_", " ")
    if not kind:
        return ", ".join(fields) or "on"
    return f"{kind} ({', '.join(fields)})" if fields else kind


def _windows(windows: Sequence[Mapping[str, Any]]) -> str:
    """What the groups of a convolution look through, where they differ."""
    kernels = [each["kernel_size"] for each in windows]
    rates = [each["dilation_rate"] for each in windows]
    parts = [
        " and ".join(f"{side} x {side}" for side in kernels) if len(set(kernels)) > 1 else "",
        f"dilation {' and '.join(map(str, rates))}" if len(set(rates)) > 1 else "",
    ]
    found = ", ".join(part for part in parts if part)
    return f" ({found})" if found else ""


def _phrase_or_none(value: Any) -> Any:
    return phrase(value) if isinstance(value, Mapping) else value
