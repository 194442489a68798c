"""Keras Tuner's oracles as an `Algorithm`; their trial ids and statuses are used only here."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from threadpoolctl import threadpool_limits

from core.search.algorithm import ProposedValues
from core.search.oracles import OBJECTIVE, Replay, oracle
from core.search.proposals import Exhausted, PastTrial, Wait
from core.search.space import cleaned, in_space
from core.spec.search import Hyperband, Search, Values, num_combinations

_REPLACED = "r"


class KerasTuner:
    """One of Keras Tuner's oracles, with trials named by the proposer's keys."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._oracle = oracle(search)
        self._ids: dict[str, str] = {}

    def propose(self, key: str) -> ProposedValues | Wait | Exhausted:
        """Choose the oracle's next values."""
        trial = self._create(key)
        if trial.status == "IDLE":
            return Wait()
        if trial.status == "STOPPED":
            return Exhausted(_why_exhausted(self._search))
        return self._proposed(trial)

    def replay(self, key: str, past: PastTrial, mark: str) -> None:
        """Bring the oracle to the state in which it was after it chose these values."""
        self._create(key, Replay(dict(past.values), replaced=_REPLACED in mark))

    def add(self, key: str, values: Values) -> None:
        """Add a point of the space that a person chose; the oracle cannot learn from others."""
        if in_space(self._search, values):
            self._create(key, Replay(dict(values), by_hand=True))

    def end(self, key: str, score: float | None, step: int) -> None:
        """Report to the oracle, which knows trials as completed or failed."""
        if key not in self._ids:
            return
        trial = self._oracle.trials[self._ids[key]]
        with _quiet():
            if score is None:
                trial.status = "FAILED"
            else:
                self._oracle.update_trial(trial.trial_id, {OBJECTIVE: score}, step=step)
                trial.status = "COMPLETED"
            self._oracle.end_trial(trial)

    def _create(self, key: str, replay: Replay | None = None) -> Any:
        self._oracle.replay = replay
        with _quiet():
            trial = self._oracle.create_trial(key)
        if trial.status == "RUNNING":
            self._ids[key] = trial.trial_id
        return trial

    def _proposed(self, trial: Any) -> ProposedValues:
        values = trial.hyperparameters.values
        mark = _REPLACED if self._oracle.replaced else ""
        if not isinstance(self._search.algorithm, Hyperband):
            return ProposedValues(cleaned(self._search, values), mark=mark)
        keys = {each: key for key, each in self._ids.items()}
        return ProposedValues(
            cleaned(self._search, values),
            epochs=values["tuner/epochs"],
            continues=keys.get(values.get("tuner/trial_id", "")),
            initial_epoch=values["tuner/initial_epoch"],
        )


def _why_exhausted(search: Search) -> str:
    if isinstance(search.algorithm, Hyperband):
        return "Hyperband finished all its rounds, or tried every combination."
    total = num_combinations(search)
    if total is None:
        return "Twenty combinations in a row had been tried before."
    return f"All {total:,} combinations were tried."


@contextmanager
def _quiet() -> Iterator[None]:
    """Without warnings, which say nothing new here, and on one core.

    The Gaussian process multiplies matrices of a few rows: threads cost it four times the work,
    and take cores from trainers.
    """
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
