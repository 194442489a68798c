"""`python -m benchmarks.scores [PRESET ...]`: what finished runs of presets scored.

Reads the runs of the results folder (CONVSCOPE_RESULTS), takes those that share a preset, their
settings and their length together over seeds, and prints for each preset the `measured` list of its
header and the rows of the table in experiments/README.md. Test scores appear where somebody has
looked at them.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from statistics import fmean, stdev
from typing import Any

from benchmarks.machine import cpu_model
from core.client import Client
from core.errors import UnknownPreset
from core.jobs.devices import CPU, num_cores
from core.records.runs import Run, RunState

HEADER = (
    "| preset | images | epochs | seeds | train (last) | validation (best) | test (best) "
    "| seconds | engine | settings |\n|---|---|---|---|---|---|---|---|---|---|"
)
_BESIDE_THE_POINT = ("name", "notes", "seeds")


@dataclass(frozen=True)
class Scores:
    """One preset at one length and with one set of changes, over its seeds."""

    preset: str
    settings: tuple[str, ...]
    """What differed from the preset's file, as ``--set`` takes it."""
    images: int
    epochs: int
    seeds: tuple[int, ...]
    seconds: float
    """Mean over the seeds."""
    engine: str
    date: str
    values: Mapping[tuple[str, str], Sequence[float]]
    """(split, which epoch) to one accuracy for each seed."""


def collect(client: Client, presets: Sequence[str] = ()) -> list[Scores]:
    """Scores of every finished run of a preset, gathered over seeds, in the order of launch."""
    gathered: dict[tuple[str, tuple[str, ...]], list[Run]] = defaultdict(list)
    for run in client.runs.list(states=[RunState.FINISHED], include_archived=True):
        if run.preset and (not presets or run.preset in presets):
            gathered[run.preset, tuple(_changes(client, run))].append(run)
    return [_scores(client, *key, runs) for key, runs in gathered.items()]


def measured_list(found: Sequence[Scores], machine: str) -> str:
    """The ``measured`` list of the header of one preset, as TOML."""
    lines = [line for scores in found for line in _entries(scores, machine)]
    return "\n".join(["measured = [", *lines, "]"])


def _entries(scores: Scores, machine: str) -> Iterator[str]:
    for (split, which), values in scores.values.items():
        spread = f", spread = {stdev(values):.4f}" if len(values) > 1 else ""
        settings = ", ".join(f'"{each}"' for each in scores.settings)
        changed = f", settings = [{settings}]" if settings else ""
        yield (
            f'  {{ score = {fmean(values):.4f}{spread}, split = "{split}", which = "{which}", '
            f"epochs = {scores.epochs}, seeds = {list(scores.seeds)}, images = {scores.images}, "
            f'seconds = {scores.seconds:.0f}, engine = "{scores.engine}", machine = "{machine}", '
            f'date = "{scores.date}"{changed} }},'
        )


def row(scores: Scores) -> str:
    """One line of the table."""
    cells = [
        f"`{scores.preset}`",
        f"{scores.images:,}",
        str(scores.epochs),
        str(len(scores.seeds)),
        *(_cell(scores.values.get(key)) for key in _SHOWN),
        f"{scores.seconds:,.0f}",
        scores.engine,
        ", ".join(f"`{each}`" for each in scores.settings) or "as in the file",
    ]
    return "| " + " | ".join(cells) + " |"


_SHOWN = (("train", "last"), ("validation", "best"), ("test", "best"))


def _cell(values: Sequence[float] | None) -> str:
    if not values:
        return "-"
    spread = f" ± {100 * stdev(values):.2f}" if len(values) > 1 else ""
    return f"{100 * fmean(values):.2f}{spread} %"


def _changes(client: Client, run: Run) -> Iterator[str]:
    """Fields in which a run differs from its preset. Nothing where the preset is gone."""
    try:
        before = client.experiments.preset(run.preset or "").experiment.to_dict()
    except UnknownPreset:
        return
    for path, value in _flat(run.config):
        if path.split(".")[0] not in _BESIDE_THE_POINT and value != _at(before, path):
            yield f"{path}={str(value).lower() if isinstance(value, bool) else value}"


def _flat(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping) and node:
        for key, value in node.items():
            yield from _flat(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list) and node:
        for index, value in enumerate(node):
            yield from _flat(value, f"{path}.{index}")
    else:
        yield path, node


def _at(node: Any, path: str) -> Any:
    for part in path.split("."):
        if isinstance(node, Mapping):
            node = node.get(part)
        elif isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        else:
            return None
    return node


def _scores(client: Client, preset: str, settings: tuple[str, ...], runs: list[Run]) -> Scores:
    metrics = client.metrics.frame([run.id for run in runs])
    accuracy = metrics[metrics["name"] == "accuracy"]
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    for run in runs:
        own = accuracy[accuracy["run_id"] == run.id]
        train = own[own["split"] == "train"].sort_values("epoch")
        values["train", "last"].append(float(train["value"].iloc[-1]))
        if run.best is not None:
            values["validation", "best"].append(run.best.val_accuracy)
        test = client.metrics.test_scores(run.id)
        if test is not None:
            values["test", "best"].append(float(test["accuracy"]))
    last = metrics.groupby("run_id")[["seconds", "images", "epoch"]].max()
    epochs = int(last["epoch"].max())
    return Scores(
        preset=preset,
        settings=settings,
        images=int(last["images"].max()) // epochs,
        epochs=epochs,
        seeds=tuple(sorted(run.seed for run in runs)),
        seconds=float(last["seconds"].mean()),
        engine=_engine(runs[0]),
        date=max(run.finished_at or run.created_at for run in runs).strftime("%Y-%m-%d"),
        # A test score of some seeds alone would be set beside validation of them all.
        values={key: each for key, each in values.items() if len(each) == len(runs)},
    )


def _engine(run: Run) -> str:
    where = "CPU" if run.device == CPU else "GPU"
    for package in (run.engine or "", f"{run.engine}-cpu"):
        try:
            return f"{run.engine} {version(package)} ({where})"
        except (PackageNotFoundError, ValueError):
            continue
    return f"{run.engine} ({where})"


def main(arguments: Iterable[str] | None = None) -> int:
    """Print every list and then the table. Exit code 1 when there is nothing to tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scores", description=__doc__)
    parser.add_argument("presets", nargs="*")
    parser.add_argument("--note", default="", help="said after the machine, such as 'shared'")
    options = parser.parse_args(None if arguments is None else list(arguments))
    client = Client()
    found = collect(client, options.presets)
    machine = ", ".join(filter(None, [f"{cpu_model()}, {num_cores()} cores", options.note]))
    of_preset: dict[str, list[Scores]] = defaultdict(list)
    for each in found:
        of_preset[each.preset].append(each)
    lists = [f"# {name}\n{measured_list(each, machine)}" for name, each in of_preset.items()]
    sys.stdout.write("\n\n".join([*lists, "\n".join([HEADER, *map(row, found)])]))
    sys.stdout.write("\n")
    client.close()
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
