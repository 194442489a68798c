"""A preset's figures in words. Nothing of Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from core.datasets import DATASETS
from core.models.summary import Summary
from core.spec import Experiment
from core.spec.files import Measured
from dashboard.shared.text import counted, duration, large, number, percent

NOT_MEASURED = "not yet measured"
_ORDER = ("validation", "test", "train")
_SPLITS = {"train": "training"}


def size(summary: Summary | None, experiment: Experiment) -> str:
    """``2,168,362 parameters · 39.5 M FLOPs · CIFAR-10 · 15 epochs``."""
    info = DATASETS.get(experiment.data.dataset)
    parts = [
        f"{number(summary.parameters)} parameters" if summary else "",
        f"{large(summary.flops)} FLOPs" if summary else "",
        info.title if info else experiment.data.dataset,
        counted(experiment.total_epochs, "epoch"),
        counted(len(experiment.seeds), "seed") if len(experiment.seeds) > 1 else "",
    ]
    return " · ".join(part for part in parts if part)


def alike(measured: Sequence[Measured]) -> list[list[Measured]]:
    """Scores that were measured on as many images and epochs and with the same settings together.

    Those that went through most images come first. A mean over different ones would say nothing.
    """
    together: dict[tuple[int, int, tuple[str, ...]], list[Measured]] = {}
    for each in measured:
        together.setdefault((each.images, each.epochs, each.settings), []).append(each)
    return sorted(together.values(), key=lambda found: -found[0].images * found[0].epochs)


def scores(measured: Sequence[Measured]) -> str:
    """Of scores that are alike: ``validation 83.7 % (best epoch), test 82.5 % (best epoch)``.

    So says when there is none.
    """
    ordered = sorted(measured, key=lambda each: _place(each.split))
    pairs = dict.fromkeys((each.split, each.which) for each in ordered)
    found = [
        (split, which, [e for e in measured if (e.split, e.which) == (split, which)])
        for split, which in pairs
    ]
    return ", ".join(_score(*each) for each in found) or NOT_MEASURED


def circumstances(measured: Sequence[Measured]) -> str:
    """How scores that are alike were measured: images, epochs, seeds, seconds, engine, machine.

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
        # A score that was not reached by exactly this file says so.
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
