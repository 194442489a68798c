"""Proposals are those of Keras Tuner alone: same seed, same scores, same values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras_tuner
import pytest
from keras_tuner.engine.base_tuner import BaseTuner
from threadpoolctl import threadpool_limits

from core.spec.search import values_key
from tests.core.search.objective import (
    DROPOUT,
    FILTERS,
    RATE,
    SHARE,
    SWITCH,
    UNITS,
    Controller,
    peak,
    search_over,
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Bare(BaseTuner):  # type: ignore[misc]
    """Keras Tuner's own loop around a trial that only computes the objective."""

    seen: list[dict[str, Any]]

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> dict[str, float]:
        values = dict(trial.hyperparameters.values)
        self.seen = [*getattr(self, "seen", []), values]
        return {"score": peak(values, values.get("tuner/epochs"))}


def space() -> keras_tuner.HyperParameters:
    """The parameters of ``ours``, written as a user of Keras Tuner writes them."""
    hp = keras_tuner.HyperParameters()
    hp.Float("rate", 1e-4, 1e-1, sampling="log")
    hp.Choice("filters", [8, 16, 32])
    hp.Int("units", 16, 64, step=16)
    hp.Boolean("on")
    with hp.conditional_scope("on", [True]):
        hp.Float("share", 0.0, 0.5)
    return hp


def bare(oracle: Any, folder: Path) -> list[dict[str, Any]]:
    """The values that Keras Tuner alone tries, in their order."""
    tuner = Bare(oracle=oracle, directory=folder, project_name="bare")
    oracle.verbose = 0
    with threadpool_limits(1):
        tuner.search()
    return tuner.seen


def common() -> dict[str, Any]:
    """What every oracle is given."""
    return {
        "objective": keras_tuner.Objective("score", "max"),
        "hyperparameters": space(),
        "seed": 3,
    }


PARAMETERS = (RATE, FILTERS, UNITS, SWITCH, SHARE)


def test_random_search(tmp_path: Path) -> None:
    theirs = bare(keras_tuner.oracles.RandomSearchOracle(max_trials=30, **common()), tmp_path)
    ours = Controller(search_over(*PARAMETERS, kind="random")).run(30)
    assert [each.values for each in ours] == theirs


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_bayesian_optimization(tmp_path: Path) -> None:
    oracle = keras_tuner.oracles.BayesianOptimizationOracle(
        max_trials=9, num_initial_points=4, **common()
    )
    theirs = bare(oracle, tmp_path)
    ours = Controller(search_over(*PARAMETERS, kind="bayesian")).run(9)
    assert [each.values for each in ours] == theirs


def test_hyperband(tmp_path: Path) -> None:
    oracle = keras_tuner.oracles.HyperbandOracle(max_epochs=9, factor=3, **common())
    theirs = bare(oracle, tmp_path)
    ours = Controller(search_over(*PARAMETERS, kind="hyperband")).run(100)
    assert [
        {
            **each.values,
            "tuner/epochs": each.epochs,
            "tuner/initial_epoch": each.initial_epoch,
        }
        for each in ours
    ] == [
        {
            name: value
            for name, value in each.items()
            if name not in ("tuner/bracket", "tuner/round", "tuner/trial_id")
        }
        for each in theirs
    ]
    numbers = {each.key: index for index, each in enumerate(ours)}
    assert [numbers[each.continues] for each in ours if each.continues] == [
        int(each["tuner/trial_id"]) for each in theirs if "tuner/trial_id" in each
    ]


def test_the_grid_has_the_same_set(tmp_path: Path) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Choice("filters", [8, 16, 32])
    hp.Int("units", 16, 64, step=16)
    hp.Boolean("on")
    with hp.conditional_scope("on", [True]):
        hp.Choice("share", [0.1, 0.2])
    oracle = keras_tuner.oracles.GridSearchOracle(
        objective=keras_tuner.Objective("score", "max"), hyperparameters=hp
    )
    theirs = bare(oracle, tmp_path)
    share = SHARE | {"range": {"kind": "choice", "values": [0.1, 0.2]}}
    ours = Controller(search_over(FILTERS, UNITS, SWITCH, share, kind="grid")).run(100)
    assert len(ours) == len(theirs) == 36
    assert {values_key(each.values) for each in ours} == set(map(values_key, theirs))


def test_steps_of_real_numbers_are_drawn_with_the_same_numbers(tmp_path: Path) -> None:
    hp = keras_tuner.HyperParameters()
    # A hair above 0.5: Keras Tuner's own count of steps loses the maximum to binary fractions.
    hp.Float("dropout", 0.0, 0.5 + 1e-9, step=0.1)
    oracle = keras_tuner.oracles.RandomSearchOracle(
        objective=keras_tuner.Objective("score", "max"), hyperparameters=hp, seed=3, max_trials=5
    )
    theirs = [each["dropout"] for each in bare(oracle, tmp_path)]
    step = DROPOUT | {"range": DROPOUT["range"] | {"step": 0.1}}
    ours = [each.values["dropout"] for each in Controller(search_over(step)).run(5)]
    assert ours == pytest.approx(theirs)
