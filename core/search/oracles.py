"""Keras Tuner's oracles, extended so that they can be rebuilt after a crash.

They propose what Keras Tuner proposes, with two exceptions. If the Gaussian process proposes a
combination that was tried, a random one replaces it. If twenty random combinations in a row were
tried, and the space is small, the proposal is one of the untried combinations. Nothing is written
to disk, and failed trials never end a search: the controller decides that.
"""

from __future__ import annotations

import copy
import random
import sys
from dataclasses import dataclass
from typing import Any, cast

import keras_tuner
import numpy as np
from keras_tuner.oracles import (
    BayesianOptimizationOracle,
    HyperbandOracle,
    RandomSearchOracle,
)

from core.search.space import cleaned, hyperparameters
from core.spec.search import (
    BayesianOptimization,
    Hyperband,
    Search,
    Values,
    combinations,
    num_combinations,
)

OBJECTIVE = "score"

# Larger spaces are not listed: twenty tried combinations in a row do not happen there.
_MOST_LISTED = 10_000
# Starting points of the optimisation of the acquisition function: a constant of Keras Tuner.
_STARTS = 50


@dataclass(frozen=True)
class Replay:
    """A past trial to propose again.

    ``replaced``: its values were chosen at random, because the first choice had been tried.
    ``by_hand``: a person chose its values.
    """

    values: Values
    replaced: bool = False
    by_hand: bool = False


class _Rebuildable:
    """Goes in front of an oracle's class: proposes a new trial, or the trial in ``replay`` again.

    Both leave the oracle in the same state.
    """

    search: Search
    replay: Replay | None = None
    replaced = False

    def save(self) -> None:
        """Do nothing: the store holds the trials."""

    def _save_trial(self, trial: Any) -> None:
        """Do nothing: the store holds the trials."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Choose the values of a new trial; without values, the status says why."""
        self.replaced = False
        if self.replay is not None and self.replay.by_hand:
            return {"status": "RUNNING", "values": dict(self.replay.values)}
        before = self._memory()
        response = self._replay(trial_id, self.replay) if self.replay else self._propose(trial_id)
        if response["status"] == "RUNNING":
            response["values"] |= cleaned(self.search, response["values"])
        else:
            # The store has no record of an answer without values, so it must not change the state.
            self.__dict__.update(before)
        return response

    def _propose(self, trial_id: str) -> dict[str, Any]:
        return cast("dict[str, Any]", super().populate_space(trial_id))  # type: ignore[misc]

    def _replay(self, trial_id: str, replay: Replay) -> dict[str, Any]:
        """Propose again; where the values differ, those of the store count."""
        values = self._propose(trial_id).get("values") or {}
        own = {name: value for name, value in values.items() if name.startswith("tuner/")}
        return {"status": "RUNNING", "values": own | replay.values}

    def _memory(self) -> dict[str, Any]:
        names = ("_seed_state", "_brackets", "_current_bracket", "_current_iteration")
        return {name: copy.deepcopy(vars(self)[name]) for name in names if name in vars(self)}

    def _random_values(self) -> Values | None:
        values = super()._random_values()  # type: ignore[misc]
        return cast("Values", values) if values is not None else self._untried_values()

    def _untried_values(self) -> Values | None:
        """One of the untried combinations of a small space, at random; None when there is none."""
        total = num_combinations(self.search)
        if total is None or total > _MOST_LISTED:
            return None
        oracle = cast("Any", self)
        left = [each for each in combinations(self.search) if not oracle._duplicate(each)]
        if not left:
            return None
        oracle._seed_state += 1
        return random.Random(oracle._seed_state).choice(left)  # noqa: S311 - no secret


class Random(_Rebuildable, RandomSearchOracle):
    """Random search."""


class HyperbandRounds(_Rebuildable, HyperbandOracle):
    """Hyperband."""


class Bayesian(_Rebuildable, BayesianOptimizationOracle):
    """Bayesian optimisation that never proposes a combination twice."""

    _not_yet_fitted: tuple[Any, Any] | None = None

    def _propose(self, trial_id: str) -> dict[str, Any]:
        self._catch_up()
        response = super()._propose(trial_id)
        if response["status"] == "RUNNING" and self._duplicate(
            cleaned(self.search, response["values"])
        ):
            self.replaced = True
            return cast("dict[str, Any]", self._random_populate_space())
        return response

    def _replay(self, trial_id: str, replay: Replay) -> dict[str, Any]:
        """Reach the state after a proposal, without the seconds that the optimisation takes."""
        if self._is_random_still():
            return super()._replay(trial_id, replay)
        self._catch_up()
        self._not_yet_fitted = self._vectorize_trials()
        bounds = self._get_hp_bounds()
        self._random_state.uniform(bounds[:, 0], bounds[:, 1], size=(_STARTS, bounds.shape[0]))
        if replay.replaced:
            self._random_values()
        return {"status": "RUNNING", "values": dict(replay.values)}

    def _is_random_still(self) -> bool:
        completed = sum(trial.status == "COMPLETED" for trial in self.trials.values())
        dimensions = len(self.hyperparameters.space)
        return bool(completed < (self.num_initial_points or max(3 * dimensions, 3)))

    def _catch_up(self) -> None:
        """Fit the last proposal's Gaussian process: it predicts the scores of running trials."""
        if self._not_yet_fitted is not None and self.ongoing_trials:
            self.gpr.fit(
                *(np.nan_to_num(each, posinf=0, neginf=0) for each in self._not_yet_fitted)
            )
        self._not_yet_fitted = None


def oracle(search: Search) -> Any:
    """The oracle of a search, without trials."""
    common: dict[str, Any] = {
        "objective": keras_tuner.Objective(OBJECTIVE, search.objective.direction.value),
        "hyperparameters": hyperparameters(search),
        "seed": search.seed,
        "max_consecutive_failed_trials": sys.maxsize,
    }
    made: Any
    algorithm = search.algorithm
    if isinstance(algorithm, Hyperband):
        made = HyperbandRounds(
            max_epochs=algorithm.max_epochs,
            factor=algorithm.factor,
            hyperband_iterations=algorithm.iterations,
            **common,
        )
    elif isinstance(algorithm, BayesianOptimization):
        made = Bayesian(
            max_trials=None,
            num_initial_points=algorithm.num_initial_points,
            beta=algorithm.beta,
            **common,
        )
    else:
        made = Random(max_trials=None, **common)
    made.search = search
    made.verbose = 0
    return made
