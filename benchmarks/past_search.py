"""A search with a past: ended trials with their curves, and two at work, through the store."""

from __future__ import annotations

import math
import random

from core.client import Client
from core.records.runs import ACTIVE_STATES, RunState
from core.records.searches import SearchRecord, TrialState
from core.spec import Experiment
from core.spec.search import Search, Values, apply_values, parse_search
from core.store.search.controllers import NewTrial, Verdict
from core.training.reporter import EpochRecord

RANGES = {
    "learning_rate": {
        "paths": ["training.learning_rate"],
        "range": {"kind": "real", "minimum": 1e-4, "maximum": 1e-2, "scale": "log"},
    },
    "dropout": {
        "paths": ["model.regularization.conv_dropout"],
        "range": {"kind": "real", "minimum": 0.0, "maximum": 0.5, "step": 0.05},
    },
    "batch_size": {
        "paths": ["training.batch_size"],
        "range": {"kind": "choice", "values": [32, 64, 128, 256]},
    },
    "activation": {
        "paths": ["model.activation"],
        "range": {"kind": "choice", "values": ["relu", "elu", "gelu"]},
    },
    "dense_dropout": {
        "paths": ["model.regularization.dense_dropout"],
        "range": {"kind": "real", "minimum": 0.0, "maximum": 0.5},
    },
}
"""Five parameters, one of each sort."""


def search_around(base: Experiment, *, max_trials: int, name: str = "a search") -> Search:
    """A random search over ``RANGES``, two trials at a time."""
    return parse_search(
        {
            "name": name,
            "base": base.to_dict(),
            "parameters": [{"name": name, **each} for name, each in RANGES.items()],
            "budget": {"max_trials": max_trials, "parallel": 2},
            "pruning": "standard",
        }
    )


def add_search(
    client: Client, search: Search, num_ended: int, num_running: int = 2
) -> SearchRecord:
    """A search that is going on, every eighth trial pruned and every fortieth failed."""
    content = search.to_dict()
    record = client.store.searches.add(search.name, content, content["budget"])
    generation = client.store.controllers.claim(record.id, record.generation)
    if generation is None:
        raise RuntimeError("A search that was just added could not be claimed.")
    drawn, best = random.Random(1), -math.inf
    for number in range(1, num_ended + num_running + 1):
        values = _values(search, drawn)
        experiment = apply_values(search, values)
        new = NewTrial(f"trial-{number}", values)
        trial = client.store.controllers.begin_trial(record.id, generation, new, experiment)
        run = client.store.runs.claim_next("cpu")
        if trial is None or run is None:
            raise RuntimeError("A trial that was just begun could not be claimed.")
        is_over = number <= num_ended
        state = _state(number) if is_over else TrialState.RUNNING
        epochs = _epochs(state, experiment.total_epochs)
        curve = _curve(values, epochs, drawn)
        client.store.metrics.replace_history(run.id, run.attempt, curve)
        if not is_over:
            continue
        client.store.runs.end(run.id, run.attempt, RunState.FINISHED, reason="made up")
        score = max((each.metrics["val_accuracy"] for each in curve), default=0.0)
        is_best = state is TrialState.COMPLETED and score > best
        best = max(best, score) if is_best else best
        told = None if state is TrialState.FAILED else score
        verdict = Verdict(state, told, epochs or None, _REASONS.get(state, ""), is_best)
        client.store.controllers.end_trial(
            record.id, generation, number, verdict, max_failures=1000
        )
    return client.searches.get(record.id)


def end_search(client: Client, record: SearchRecord) -> None:
    """End it and the runs that nobody trains, so that no supervisor takes them up."""
    client.store.searches.end(record.id)
    for run in client.runs.list(states=ACTIVE_STATES):
        client.store.runs.end(run.id, run.attempt, RunState.STOPPED, reason="made up")


_REASONS = {
    TrialState.PRUNED: "worse than the median of the others",
    TrialState.FAILED: "the loss was not a number",
}


def _state(number: int) -> TrialState:
    if number % 40 == 0:
        return TrialState.FAILED
    return TrialState.PRUNED if number % 8 == 0 else TrialState.COMPLETED


def _epochs(state: TrialState, epochs: int) -> int:
    if state is TrialState.COMPLETED:
        return epochs
    return max(1, epochs // 2)


def _values(search: Search, drawn: random.Random) -> Values:
    values: Values = {}
    for parameter in search.parameters:
        span = parameter.range
        if span.kind == "real" and span.step is None:
            low, high = span.minimum, span.maximum
            at = drawn.random()
            log = span.scale == "log"
            values[parameter.name] = low * (high / low) ** at if log else low + at * (high - low)
        else:
            values[parameter.name] = drawn.choice(span.listed() or [])
    return values


def _curve(values: Values, epochs: int, drawn: random.Random) -> list[EpochRecord]:
    """Best at a learning rate of 0.002 and a dropout of 0.25, with some luck."""
    rate, dropout = float(values["learning_rate"]), float(values["dropout"])
    top = 0.8 - 0.12 * math.log10(rate / 2e-3) ** 2 - 0.6 * (dropout - 0.25) ** 2
    top += drawn.gauss(0, 0.01)
    return [
        EpochRecord(epoch, _metrics(top * (1 - math.exp(-epoch / 2))), 2.0 * epoch, 1000 * epoch)
        for epoch in range(1, epochs + 1)
    ]


def _metrics(accuracy: float) -> dict[str, float]:
    return {
        "loss": 1.2 - accuracy,
        "accuracy": min(1.0, accuracy + 0.05),
        "val_loss": 1.4 - accuracy,
        "val_accuracy": accuracy,
        "learning_rate": 1e-3,
    }
