"""A synthetic objective, and a loop that uses a proposer as a controller does."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from core.search.proposals import Exhausted, Outcome, PastTrial, Proposal, Wait
from core.search.proposer import Proposer
from core.spec.search import Search, parse_search

RATE: dict[str, Any] = {
    "name": "rate",
    "paths": ["training.learning_rate"],
    "range": {"kind": "real", "minimum": 1e-4, "maximum": 1e-1, "scale": "log"},
}
DROPOUT: dict[str, Any] = {
    "name": "dropout",
    "paths": ["model.regularization.conv_dropout"],
    "range": {"kind": "real", "minimum": 0.0, "maximum": 0.5},
}
FILTERS: dict[str, Any] = {
    "name": "filters",
    "paths": ["model.stages.0.convolutions.0.filters"],
    "range": {"kind": "choice", "values": [8, 16, 32]},
}
UNITS: dict[str, Any] = {
    "name": "units",
    "paths": ["model.dense.0.units"],
    "range": {"kind": "integer", "minimum": 16, "maximum": 64, "step": 16},
}
SWITCH: dict[str, Any] = {"name": "on", "range": {"kind": "boolean"}}
SHARE = DROPOUT | {"name": "share", "only_when": {"parameter": "on", "values": [True]}}

ALGORITHMS: dict[str, dict[str, Any]] = {
    "random": {"kind": "random"},
    "grid": {"kind": "grid"},
    "bayesian": {"kind": "bayesian", "num_initial_points": 4},
    "hyperband": {"kind": "hyperband", "max_epochs": 9, "factor": 3},
}


def search_over(*parameters: dict[str, Any], kind: str = "random", **fields: Any) -> Search:
    """A search by one of the four algorithms."""
    raw = {"preset": "basic_cnn", "seed": 3, "algorithm": ALGORITHMS[kind], **fields}
    return parse_search(raw | {"parameters": list(parameters)})


def peak(values: Mapping[str, Any], epochs: int | None = None) -> float:
    """Best at a rate of 1e-2, a dropout of 0.2 and many filters; a little better with time."""
    score = 1.0 - (math.log10(values.get("rate", 1e-2)) + 2.0) ** 2 / 4
    score -= 2.0 * (values.get("dropout", values.get("share", 0.2)) - 0.2) ** 2
    return score + values.get("filters", 8) / 1000 + (epochs or 0) / 1000


class Controller:
    """Asks and tells. Its ``trials`` are what a store would have kept."""

    def __init__(
        self,
        search: Search,
        in_flight: int = 1,
        outcome: Callable[[int], Outcome] = lambda number: "completed",
    ) -> None:
        self.search, self.in_flight, self.outcome = search, in_flight, outcome
        self.proposer = Proposer(search)
        self.proposed: list[Proposal] = []
        self.running: list[Proposal] = []
        self.ended: list[PastTrial] = []
        self.reason = ""

    def run(self, num_trials: int, die_every: int = 0) -> list[Proposal]:
        """Run up to so many trials. With ``die_every``, rebuild the proposer after so many."""
        while len(self.proposed) < num_trials or self.running:
            while len(self.running) < self.in_flight and len(self.proposed) < num_trials:
                if die_every and len(self.proposed) % die_every == 0:
                    self.rebuild()
                answer = self.proposer.ask()
                if isinstance(answer, Exhausted):
                    self.reason = answer.reason
                    num_trials = len(self.proposed)
                elif isinstance(answer, Wait):
                    assert self.running, "nothing runs that could be waited for"
                    break
                else:
                    self.proposed.append(answer)
                    self.running.append(answer)
            if self.running:
                # Not always the oldest: trials take their time.
                self.end(self.running[0 if len(self.proposed) % 3 else -1])
        return self.proposed

    def end(self, trial: Proposal) -> None:
        """End a trial and report it."""
        self.running.remove(trial)
        outcome = self.outcome(len(self.ended) + 1)
        score = None if outcome == "failed" else peak(trial.values, trial.epochs)
        self.proposer.tell(trial.key, outcome, score, step=1)
        self.ended.append(_past_trial(trial, outcome, score))

    def rebuild(self) -> None:
        """Rebuild the proposer from the store, as after a kill."""
        self.proposer = Proposer(self.search, [*self.ended, *map(_past_trial, self.running)])


def _past_trial(
    trial: Proposal, outcome: Outcome | None = None, score: float | None = None
) -> PastTrial:
    return PastTrial(
        key=trial.key,
        values=trial.values,
        outcome=outcome,
        score=score,
        step=1,
        epochs=trial.epochs,
        continues=trial.continues,
        initial_epoch=trial.initial_epoch,
        running=outcome is None,
    )
