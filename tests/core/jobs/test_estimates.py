"""An estimate learns from past runs, says what it rests on, and holds what came in its bounds."""

from __future__ import annotations

import pytest

from core.datasets import DATASETS
from core.jobs.devices import machine_fingerprint
from core.jobs.estimates import estimate, estimate_from, work_per_image
from core.models.summary import describe
from core.spec import Experiment, parse
from core.store.metrics import PastSpeed
from core.training.reporter import EpochRecord
from tests.core.jobs.lab import Lab


def experiment(**training: object) -> Experiment:
    return parse({"training": {"batch_size": 64, **training}})


def past(
    flops: float, seconds: float, *, device: str = "cpu", engine: str = "tensorflow"
) -> PastSpeed:
    config = experiment().to_dict()
    return PastSpeed("0" * 32, device, engine, config, flops, seconds)


def test_without_past_runs_it_is_a_default_that_says_so() -> None:
    guess = estimate_from([], experiment(), 2e7, 45_000, on_gpu=False)
    assert guess.based_on == 0
    assert guess.low < guess.seconds_per_epoch < guess.high
    assert "no run has finished an epoch" in guess.sentence
    assert guess.seconds(3) == pytest.approx(3 * guess.seconds_per_epoch)


def test_the_same_network_again_takes_what_it_took() -> None:
    guess = estimate_from([past(2e7, 0.002)], experiment(), 2e7, 1000, on_gpu=False)
    assert guess.seconds_per_epoch == pytest.approx(2.0)
    assert (guess.based_on, guess.low < 2.0 < guess.high) == (1, True)
    assert "1 past run on this machine" in guess.sentence


def test_twice_the_work_takes_twice_as_long_and_is_less_certain() -> None:
    near = estimate_from([past(2e9, 0.1)], experiment(), 2e9, 100, on_gpu=False)
    far = estimate_from([past(2e9, 0.1)], experiment(), 7.9e9, 100, on_gpu=False)
    assert far.seconds_per_epoch == pytest.approx(3.95 * near.seconds_per_epoch, rel=0.01)
    assert far.high / far.low > near.high / near.low


def test_tiny_runs_say_little_about_a_large_network() -> None:
    # A minute of fixed costs for a thousand small images would scale to hours.
    tiny = past(1e4, 0.002)
    guess = estimate_from([tiny], experiment(), 8e7, 45_000, on_gpu=False)
    default = estimate_from([], experiment(), 8e7, 45_000, on_gpu=False)
    assert guess.seconds_per_epoch < 3 * default.seconds_per_epoch
    assert guess.high <= 3 * guess.seconds_per_epoch


def test_short_epochs_say_little_about_long_ones() -> None:
    # 150 images in a second are mostly validating and saving.
    config = parse({"data": {"dataset": "digits", "train_size": 150}}).to_dict()
    demo = PastSpeed("0" * 32, "cpu", "tensorflow", config, 7e5, 1 / 150)
    guess = estimate_from([demo], experiment(), 1.2e7, 45_000, on_gpu=False)
    default = estimate_from([], experiment(), 1.2e7, 45_000, on_gpu=False)
    assert default.low < guess.seconds_per_epoch < default.high


def test_a_past_run_on_a_data_set_that_is_gone_does_no_harm() -> None:
    gone = past(2e7, 1e-3)
    gone.config["data"]["dataset"] = "gone"
    assert estimate_from([gone], experiment(), 2e7, 45_000, on_gpu=False).based_on == 1


def test_one_odd_run_among_the_nearest_does_not_decide() -> None:
    usual = [past(2e7, 0.002) for _ in range(4)]
    guess = estimate_from([*usual, past(2e7, 1.0)], experiment(), 2e7, 1000, on_gpu=False)
    assert guess.seconds_per_epoch == pytest.approx(2.0)
    assert guess.high > 1000


def test_runs_of_nearly_the_same_work_speak_alone() -> None:
    runs = [past(2e7, 0.002), past(2e10, 9.0), past(2e4, 9.0)]
    assert estimate_from(runs, experiment(), 2e7, 1000, on_gpu=False).based_on == 1


def test_other_devices_and_engines_do_not_count() -> None:
    runs = [past(2e7, 0.002), past(2e7, 9.0, device="gpu:0"), past(2e7, 0.02, engine="torch")]
    torch = estimate_from(runs, experiment(engine="torch"), 2e7, 100, on_gpu=False)
    assert torch.seconds_per_epoch == pytest.approx(2.0)
    on_gpu = estimate_from(runs, experiment(), 2e7, 100, on_gpu=True)
    assert on_gpu.seconds_per_epoch == pytest.approx(900)


def test_small_batches_cost_more_an_image() -> None:
    assert work_per_image(1e6, 1) > 10 * work_per_image(1e6, 256)


def test_it_learns_from_the_store(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    lab.submit()
    run = lab.store.runs.claim_next("cpu")
    assert run is not None
    again = parse(run.config)
    summary = describe(again, DATASETS["digits"])
    assert estimate(lab.store, again, summary, 1000).based_on == 0
    lab.store.trainers.set_work(
        run.id, 1, machine=machine_fingerprint(), flops_per_image=float(summary.flops)
    )
    for number, seconds in ((1, 9.0), (2, 10.0)):
        lab.store.metrics.save_epoch(
            run.id, 1, EpochRecord(number, {"loss": 1.0}, seconds, 1000 * number)
        )
    learned = estimate(lab.store, again, summary, 1000)
    assert learned.based_on == 1
    assert learned.seconds_per_epoch == pytest.approx(1.0)
