"""Keras Tuner's oracles, with what a search needs that is rebuilt after a crash.

What they draw is what Keras Tuner alone would draw, with two exceptions. Where the Gaussian
process would try a combination again, another is drawn at random. Where twenty draws in a row were
tried before, what is left of a small space is listed and drawn from. Nothing is written to disk,
and failed trials never end a search: that is the controller's rule.
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

# More combinations than that are not listed: twenty collisions in a row do not happen there.
_MOST_LISTED = 10_000
# Starting points of the search for the best expected place: a constant inside Keras Tuner.
_STARTS = 50


@dataclass(frozen=True)
class Past:
    """A trial of before. ``replaced``: drawn at random, because the first choice was known."""

    values: Values
    replaced: bool = False
    by_hand: bool = False


class _Rebuildable:
    """Goes in front of an oracle: draws, or comes to where drawing the ``past`` would leave it."""

    search: Search
    past: Past | None = None
    replaced = False

    def save(self) -> None:
        """Nothing: the store is the truth."""

    def _save_trial(self, trial: Any) -> None:
        """Nothing, for the same reason."""

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Values for a new trial, or the news that there are none."""
        self.replaced = False
        if self.past is not None and self.past.by_hand:
            return {"status": "RUNNING", "values": dict(self.past.values)}
        before = self._memory()
        response = self._recall(trial_id, self.past) if self.past else self._draw(trial_id)
        if response["status"] == "RUNNING":
            response["values"] |= cleaned(self.search, response["values"])
        else:
            # An answer without values must leave no trace: no store remembers that it was given.
            self.__dict__.update(before)
        return response

    def _draw(self, trial_id: str) -> dict[str, Any]:
        return cast("dict[str, Any]", super().populate_space(trial_id))  # type: ignore[misc]

    def _recall(self, trial_id: str, past: Past) -> dict[str, Any]:
        """Draw again, and keep the store's values should they differ."""
        drawn = self._draw(trial_id).get("values") or {}
        own = {name: value for name, value in drawn.items() if name.startswith("tuner/")}
        return {"status": "RUNNING", "values": own | past.values}

    def _memory(self) -> dict[str, Any]:
        names = ("_seed_state", "_brackets", "_current_bracket", "_current_iteration")
        return {name: copy.deepcopy(vars(self)[name]) for name in names if name in vars(self)}

    def _random_values(self) -> Values | None:
        values = super()._random_values()  # type: ignore[misc]
        return cast("Values", values) if values is not None else self._left_over()

    def _left_over(self) -> Values | None:
        """One of the combinations that were never tried, of a space that is nearly exhausted."""
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

    def _draw(self, trial_id: str) -> dict[str, Any]:
        self._catch_up()
        response = super()._draw(trial_id)
        if response["status"] == "RUNNING" and self._duplicate(
            cleaned(self.search, response["values"])
        ):
            self.replaced = True
            return cast("dict[str, Any]", self._random_populate_space())
        return response

    def _recall(self, trial_id: str, past: Past) -> dict[str, Any]:
        """Leave the process as a draw would, without the seconds that looking for a place takes."""
        if self._is_random_still():
            return super()._recall(trial_id, past)
        self._catch_up()
        self._not_yet_fitted = self._vectorize_trials()
        bounds = self._get_hp_bounds()
        self._random_state.uniform(bounds[:, 0], bounds[:, 1], size=(_STARTS, bounds.shape[0]))
        if past.replaced:
            self._random_values()
        return {"status": "RUNNING", "values": dict(past.values)}

    def _is_random_still(self) -> bool:
        completed = sum(trial.status == "COMPLETED" for trial in self.trials.values())
        dimensions = len(self.hyperparameters.space)
        return bool(completed < (self.num_initial_points or max(3 * dimensions, 3)))

    def _catch_up(self) -> None:
        """Trials in flight are guessed by the process of the draw before: fit that one now."""
        if self._not_yet_fitted is not None and self.ongoing_trials:
            self.gpr.fit(
                *(np.nan_to_num(each, posinf=0, neginf=0) for each in self._not_yet_fitted)
            )
        self._not_yet_fitted = None


def oracle(search: Search) -> Any:
    """The oracle of a search, at its start."""
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
