"""A preset in words: its size, its scores, and what it changes against its base. No Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise, zip_longest
from statistics import fmean
from typing import Any, NamedTuple

from core.datasets import DATASETS
from core.models.summary import Summary
from core.spec import Experiment
from core.spec.files import Measured
from dashboard.form.lists import convolution, summary
from dashboard.shared import config_diff
from dashboard.shared.text import counted, duration, large, number, percent

NOT_MEASURED = "not yet measured"
_ORDER = ("validation", "test", "train")
_SPLITS = {"train": "training"}


def size(described: Summary | None, experiment: Experiment) -> str:
    """``2,168,362 parameters · 39.5 M FLOPs · CIFAR-10 · 15 epochs``."""
    info = DATASETS.get(experiment.data.dataset)
    parts = [
        f"{number(described.parameters)} parameters" if described else "",
        f"{large(described.flops)} FLOPs" if described else "",
        info.title if info else experiment.data.dataset,
        counted(experiment.total_epochs, "epoch"),
        counted(len(experiment.seeds), "seed") if len(experiment.seeds) > 1 else "",
    ]
    return " · ".join(part for part in parts if part)


def group_comparable(measured: Sequence[Measured]) -> list[list[Measured]]:
    """Scores in groups that were measured with the same images, epochs and settings.

    Only scores of one group may be averaged. The group with the most image passes comes first.
    """
    groups: dict[tuple[int, int, tuple[str, ...]], list[Measured]] = {}
    for each in measured:
        groups.setdefault((each.images, each.epochs, each.settings), []).append(each)
    return sorted(groups.values(), key=lambda group: -group[0].images * group[0].epochs)


def scores(measured: Sequence[Measured]) -> str:
    """Comparable scores: ``validation 83.7 % (best epoch), test 82.5 % (best epoch)``.

    ``not yet measured`` without any.
    """
    ordered = sorted(measured, key=lambda each: _place(each.split))
    pairs = dict.fromkeys((each.split, each.which) for each in ordered)
    found = [
        (split, which, [e for e in measured if (e.split, e.which) == (split, which)])
        for split, which in pairs
    ]
    return ", ".join(_score(*each) for each in found) or NOT_MEASURED


def conditions(measured: Sequence[Measured]) -> str:
    """How comparable scores were measured: images, epochs, seeds, time, engine, machine.

    Empty without any.
    """
    if not measured:
        return ""
    first = measured[0]
    seeds = dict.fromkeys(seed for each in measured for seed in each.seeds)
    parts = [
        f"{number(first.images)} images",
        counted(first.epochs, "epoch"),
        counted(len(seeds), "seed"),
        duration(first.seconds),
        first.engine,
        first.machine,
        # Settings that differ from the preset's file.
        "with " + ", ".join(first.settings) if first.settings else "",
    ]
    return " · ".join(part for part in parts if part)


def _place(split: str) -> int:
    return _ORDER.index(split) if split in _ORDER else len(_ORDER)


def _score(split: str, which: str, found: Sequence[Measured]) -> str:
    mean = percent(fmean(each.score for each in found))
    num_seeds = len({seed for each in found for seed in each.seeds})
    over = "" if num_seeds == 1 else f", mean of {num_seeds}"
    spread = found[0].spread if len(found) == 1 else None
    about = "" if spread is None else f" ± {percent(spread)}"
    return f"{_SPLITS.get(split, split)} {mean}{about} ({which} epoch{over})"


class Change(NamedTuple):
    """A setting as the form calls it, and its values in the base and in the preset."""

    setting: str
    before: str
    after: str


def changes(base: Experiment, preset: Experiment) -> list[Change]:
    """Every setting that differs, in the order of the form.

    A stage, a layer or a group that only one of them has is one line, and so is a convolution of
    another kind.
    """
    folded = _fold(base.to_dict(), preset.to_dict())
    flats = [config_diff.flat(each) for each in folded]
    return [
        Change(config_diff.spoken(path), *(config_diff.shown(flat.get(path)) for flat in flats))
        for path in _in_order(flats, config_diff.paths(flats, only_differing=True))
    ]


def _in_order(flats: Sequence[config_diff.Flat], paths: Sequence[str]) -> list[str]:
    """Paths in the base's order; those that only the preset has follow their predecessor there."""
    base, preset = (list(flat) for flat in flats)
    order = base.copy()
    for before, path in pairwise(["", *preset]):
        if path not in base:
            order.insert(order.index(before) + 1 if before in order else 0, path)
    return sorted(paths, key=order.index)


def _fold(one: Any, other: Any) -> tuple[Any, Any]:
    """Both, with a phrase for every group that the other lacks or has of another kind."""
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
    """A group in a few words without what is off or 0: ``sgd (momentum 0.9)``."""
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
    """Kernel sizes and dilation rates of a convolution's groups, if they differ."""
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
