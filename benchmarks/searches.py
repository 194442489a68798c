"""Trials per hour of a search over a bare Keras Tuner search: same space, budget and images."""

from __future__ import annotations

import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, at_least
from benchmarks.session import PATIENCE_S, Session, run_to_end
from benchmarks.throughput import write_arrays
from core.client import Client
from core.jobs.launch import device_environment
from core.records.runs import Run
from core.spec.search import Search, parse_search

TITLE = "Searches"
_SEED = 1


@dataclass(frozen=True)
class Timed:
    """One search from its start to its end."""

    trials: list[dict[str, Any]]
    """Values and score of each, in the order in which they were tried."""
    seconds: float
    training_s: float
    """Of it, from a trial's first batch to the end of its last epoch."""

    @property
    def trials_per_hour(self) -> float:
        """The figure that counts."""
        return 3600 * len(self.trials) / self.seconds

    @property
    def other_share(self) -> float:
        """Of the time, what was not training."""
        return 1 - self.training_s / self.seconds


def measure(session: Session) -> list[Figure]:
    """A search, the script, a search, the script: each pair gives one ratio."""
    session.prepared()
    searched, bare = [], []
    with session.lab() as client:
        search = _search(session)
        arrays = write_arrays(client, search.base, session.folder / "arrays.npz")
        client.machine.ensure_supervisor()
        for number in range(1, session.size.search_rounds + 1):
            searched.append(launched(client, search, f"round {number}"))
            bare.append(bare_search(client, search, arrays, session.folder / f"plain-{number}"))
            _must_agree(searched[-1], bare[-1])
    return _figures(searched, bare)


def _search(session: Session) -> Search:
    """The space of `benchmarks/plain_search.py`."""
    size = session.size
    base = session.experiment(f"training.epochs={size.search_epochs}")
    dropout = {"kind": "choice", "values": [0.0, 0.25, 0.5]}
    rate = {"kind": "real", "minimum": 1e-4, "maximum": 1e-2, "scale": "log"}
    spaces = {
        "filters": (
            "model.stages.0.convolutions.0.filters",
            {"kind": "choice", "values": [16, 32]},
        ),
        "dropout": ("model.regularization.dense_dropout", dropout),
        "learning_rate": ("training.learning_rate", rate),
    }
    return parse_search(
        {
            "name": "benchmark",
            "base": base.to_dict(),
            "parameters": [
                {"name": name, "paths": [path], "range": space}
                for name, (path, space) in spaces.items()
            ],
            "algorithm": {"kind": "random"},
            "seed": _SEED,
            "budget": {"max_trials": size.trials, "parallel": 1},
            "pruning": "none",
        }
    )


def launched(client: Client, search: Search, name: str) -> Timed:
    """The lab's own, one trial at a time. The supervisor is at work before, as it always is."""
    started = time.perf_counter()
    record = client.searches.submit(search.model_copy(update={"name": name}))
    ended = client.searches.wait(record.id, timeout_s=PATIENCE_S)
    seconds = time.perf_counter() - started
    trials = client.trials.list(record.id)
    if any(each.score is None for each in trials) or len(trials) != search.budget.max_trials:
        raise RuntimeError(f"The search is {ended.state} ({ended.reason}): {trials}")
    runs = client.runs.list(ids=[run_id for each in trials for run_id in each.run_ids])
    training_s = sum(_training_s(client, run) for run in runs)
    return Timed([{"values": t.values, "score": t.score} for t in trials], seconds, training_s)


def bare_search(client: Client, search: Search, arrays: Path, folder: Path) -> Timed:
    """The same on the CPU or GPU that a run would get, by `benchmarks/plain_search.py`."""
    training = search.base.training
    words = [search.budget.max_trials, training.epochs, training.batch_size, _SEED]
    script = str(Path(__file__).with_name("plain_search.py"))
    command = [sys.executable, script, str(arrays), str(folder), *map(str, words)]
    engine = client.runs.list()[-1].engine or ""
    environment = device_environment(client.machine.slots().names[0], 1)
    environment |= {"KERAS_BACKEND": engine, "TF_CPP_MIN_LOG_LEVEL": "2"}
    started = time.perf_counter()
    told = json.loads(run_to_end(command, client.settings, **environment))
    seconds = time.perf_counter() - started
    return Timed(told["trials"], seconds, told["seconds_in_fit"])


def _training_s(client: Client, run: Run) -> float:
    return float(client.metrics.history(run.id)[-1]["seconds"])


def _must_agree(ours: Timed, theirs: Timed) -> None:
    """Figures of two searches that tried other values would say nothing."""
    for one, other in zip(ours.trials, theirs.trials, strict=True):
        if not all(
            math.isclose(value, other["values"][name], rel_tol=1e-9)
            for name, value in one["values"].items()
        ):
            raise RuntimeError(f"Tried {one['values']}, and Keras Tuner {other['values']}.")


def _figures(searched: list[Timed], bare: list[Timed]) -> list[Figure]:
    pairs = list(zip(searched, bare, strict=True))
    trials = len(searched[0].trials)
    return [
        Figure(
            "Trials per hour over a bare Keras Tuner search, one slot",
            [ours.trials_per_hour / theirs.trials_per_hour for ours, theirs in pairs],
            bound=at_least(0.9),
            note=f"{trials} trials of the same values, each search from nothing to its end",
        ),
        Figure("Search", [each.trials_per_hour for each in searched], "trials/h"),
        Figure("Bare Keras Tuner", [each.trials_per_hour for each in bare], "trials/h"),
        Figure(
            "Share of a search that is not training",
            [100 * each.other_share for each in searched],
            "%",
            note="starting trainers, building networks, exports, choosing values",
        ),
        Figure(
            "The same of the bare search",
            [100 * each.other_share for each in bare],
            "%",
            note="importing Keras once, building networks, choosing values",
        ),
    ]
