"""Groups of runs: those that differ only in the seed, or those that share one setting."""

from __future__ import annotations

from collections.abc import Sequence

from core.records.runs import Run
from dashboard.charts import palette
from dashboard.charts.bands import Group
from dashboard.shared import config_diff
from dashboard.shared.links import SEEDS_TOGETHER
from dashboard.shared.text import counted

EACH_RUN = "Each run alone"
_SEEDS_PATH = "seeds"


def groupings(runs: Sequence[Run]) -> list[str]:
    """The ways to group these runs: not at all, by seeds, or by a setting that differs."""
    return [EACH_RUN, SEEDS_TOGETHER, *_settings(runs)]


def grouped(runs: Sequence[Run], by: str) -> list[Group]:
    """The groups in order of their first runs, each with a colour and the number of runs."""
    members: dict[str, list[Run]] = {}
    labels: dict[str, str] = {}
    path = _settings(runs).get(by)
    for run in runs:
        key, label = _seed_group(run) if path is None else _value(run, path, by)
        members.setdefault(key, []).append(run)
        labels.setdefault(key, label)
    colours = palette.assign([inside[0].id for inside in members.values()])
    return [
        Group(
            key,
            f"{labels[key]} ({counted(len(inside), 'seed' if path is None else 'run')})",
            colours[inside[0].id],
            tuple(run.id for run in inside),
        )
        for key, inside in members.items()
    ]


def _settings(runs: Sequence[Run]) -> dict[str, str]:
    """Paths of the settings that differ, by title. Seeds are left out: see ``SEEDS_TOGETHER``."""
    flats = [config_diff.of_run(run) for run in runs]
    paths = config_diff.paths(flats, only_differing=True)
    return {config_diff.spoken(path): path for path in paths if path != _SEEDS_PATH}


def _seed_group(run: Run) -> tuple[str, str]:
    config = config_diff.of_run(run)
    config.pop(_SEEDS_PATH, None)
    return repr(sorted(config.items())), run.name or run.preset or run.id[:8]


def _value(run: Run, path: str, spoken: str) -> tuple[str, str]:
    shown = config_diff.shown(config_diff.of_run(run).get(path))
    return f"{path}={shown}", f"{spoken}: {shown}"
