"""The curve that a form draws is the curve that training follows."""

from __future__ import annotations

from typing import Any

import pytest

from core.spec import parse
from core.spec.training import Training
from core.training.optimizers import RateSchedule
from core.training.rates import rate_at, rates_by_epoch

STEPS = 40
SCHEDULES: list[dict[str, Any]] = [
    {"kind": "constant"},
    {"kind": "step", "factor": 0.3, "every_epochs": 2},
    {"kind": "cosine", "final_share": 0.1},
    {"kind": "one_cycle", "rise_share": 0.3, "start_share": 0.05},
]


def training(schedule: dict[str, Any], warmup: float = 0.0) -> Training:
    return Training.model_validate(
        {"epochs": 6, "learning_rate": 0.2, "schedule": schedule, "warmup_epochs": warmup}
    )


@pytest.mark.parametrize("warmup", [0.0, 1.5])
@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule["kind"])
def test_keras_trains_with_the_rate_that_is_drawn(schedule: dict[str, Any], warmup: float) -> None:
    spec = training(schedule, warmup)
    in_keras = RateSchedule(spec, STEPS)
    # As Keras itself would save and load it.
    reloaded = RateSchedule.from_config(in_keras.get_config())

    for step in range(6 * STEPS):
        drawn = rate_at(spec, STEPS, step)
        assert float(in_keras(step)) == pytest.approx(drawn, rel=1e-5, abs=1e-9)
        assert float(reloaded(step)) == float(in_keras(step))


def test_constant_is_the_learning_rate_at_every_step() -> None:
    assert {rate_at(training({"kind": "constant"}), STEPS, s) for s in range(240)} == {0.2}


def test_step_drops_at_the_first_step_of_every_second_epoch() -> None:
    spec = training({"kind": "step", "factor": 0.5, "every_epochs": 2})

    assert rate_at(spec, STEPS, 2 * STEPS - 1) == 0.2
    assert rate_at(spec, STEPS, 2 * STEPS) == pytest.approx(0.1)
    assert rate_at(spec, STEPS, 6 * STEPS - 1) == pytest.approx(0.05)


def test_cosine_falls_from_the_learning_rate_to_its_final_share() -> None:
    spec = training({"kind": "cosine", "final_share": 0.1})
    rates = [rate_at(spec, STEPS, step) for step in range(6 * STEPS)]

    assert rates[0] == pytest.approx(0.2)
    assert rates[-1] == pytest.approx(0.02)
    assert rates == sorted(rates, reverse=True)


def test_one_cycle_rises_to_the_learning_rate_once_and_ends_near_nothing() -> None:
    spec = training({"kind": "one_cycle", "rise_share": 0.25, "start_share": 0.1})
    rates = [rate_at(spec, STEPS, step) for step in range(6 * STEPS)]
    top = rates.index(max(rates))

    assert rates[0] == pytest.approx(0.02)
    assert max(rates) == pytest.approx(0.2, rel=1e-3)
    assert top == pytest.approx(0.25 * len(rates), abs=1)
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert rates[-1] == pytest.approx(0.0002)


def test_warmup_rises_in_a_line_and_hands_over_at_the_learning_rate() -> None:
    spec = training({"kind": "constant"}, warmup=2.0)

    assert rate_at(spec, STEPS, 0) == pytest.approx(0.2 / 80)
    assert rate_at(spec, STEPS, 39) == pytest.approx(0.1)
    assert rate_at(spec, STEPS, 79) == pytest.approx(0.2)
    assert rate_at(spec, STEPS, 200) == pytest.approx(0.2)


def test_fine_tuning_is_drawn_behind_the_first_segment_from_its_own_first_step() -> None:
    training = {"epochs": 2, "learning_rate": 0.1, "schedule": {"kind": "cosine"}}
    tuned = parse(
        {
            "model": {"backbone": {"weights": {"kind": "none"}}},
            "training": {**training, "fine_tuning": {"epochs": 3, "learning_rate": 0.001}},
        }
    )
    rates = rates_by_epoch(tuned, 10)
    assert len(rates) == 5
    assert rates[0] == pytest.approx(0.1 * 0.5, rel=0.1)
    assert [rates[1], rates[4]] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert rates[2] == pytest.approx(0.001 * 0.79, rel=0.1)
