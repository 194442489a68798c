"""Frozen layers cost their forward pass, kept features nothing, and both segments count."""

from __future__ import annotations

from typing import Any

import pytest

from core.datasets import DATASETS
from core.jobs.estimates import estimate_from, estimate_run
from core.jobs.work import flops_before, flops_per_image
from core.models.summary import Summary, describe
from core.spec import Experiment, parse
from core.store.metrics import PastSpeed

FLIPPED = {"augmentation": {"horizontal_flip": True}}


def experiment(
    trainable: str = "none", *, data: dict[str, Any] | None = None, **training: Any
) -> Experiment:
    backbone = {"network": "MobileNetV2", "weights": {"kind": "none"}, "trainable": trainable}
    return parse(
        {
            "data": data or {},
            "model": {"backbone": backbone, "flatten": "global_average"},
            "training": {"epochs": 10, **training},
        }
    )


def summary(of: Experiment) -> Summary:
    return describe(of, DATASETS["cifar10"])


def flops(of: Experiment) -> float:
    return flops_per_image(of, summary(of))


def test_without_a_backbone_it_is_the_forward_pass() -> None:
    plain = Experiment()
    assert flops(plain) == summary(plain).flops
    assert flops_before(plain, summary(plain)) == 0


def test_what_is_frozen_costs_its_forward_pass_and_kept_features_nothing() -> None:
    everything = flops(experiment("all"))
    assert everything == summary(experiment("all")).flops
    frozen = flops(experiment(data=FLIPPED))
    assert frozen == pytest.approx(everything / 3, rel=0.01)
    assert frozen < flops(experiment("last")) < everything
    kept = experiment()
    assert flops(kept) < everything / 1000
    # One forward pass, where an image that is learnt from counts as three.
    assert flops_before(kept, summary(kept)) == pytest.approx(everything / 3, rel=0.01)


def test_a_frozen_network_that_draws_at_random_is_passed_in_every_epoch() -> None:
    raw = experiment().to_dict()
    raw["model"]["backbone"]["network"] = "EfficientNetB0"
    drawing = parse(raw)
    assert flops(drawing) > summary(drawing).flops / 4
    assert flops_before(drawing, summary(drawing)) == 0


def test_an_epoch_is_the_mean_of_both_segments() -> None:
    tuned = experiment(fine_tuning={"epochs": 30, "trainable": "all"})
    assert flops(tuned) == pytest.approx(0.75 * flops(experiment("all")), rel=0.01)
    assert flops_before(tuned, summary(tuned)) > 0


def test_an_estimate_says_what_comes_before_the_first_epoch() -> None:
    kept, flipped = experiment(), experiment(data=FLIPPED)
    with_features = estimate_run([], kept, summary(kept), 45_000, on_gpu=False)
    without = estimate_run([], flipped, summary(flipped), 45_000, on_gpu=False)
    assert without.seconds_before == 0
    assert with_features.seconds_per_epoch < without.seconds_per_epoch / 5
    # As much as an epoch that keeps nothing, for 50,000 images in place of 45,000.
    assert with_features.seconds_before == pytest.approx(without.seconds_per_epoch / 0.9, rel=0.02)
    assert with_features.seconds(10) == pytest.approx(
        with_features.seconds_before + 10 * with_features.seconds_per_epoch
    )
    assert "for the backbone" in with_features.sentence


@pytest.mark.parametrize(("epochs_done", "counts"), [(10, False), (11, True)])
def test_a_run_that_never_reached_its_second_segment_teaches_nothing(
    epochs_done: int, counts: bool
) -> None:
    tuned = experiment(fine_tuning={"epochs": 10, "trainable": "all"})
    past = PastSpeed(
        "0" * 32, "cpu", "tensorflow", tuned.to_dict(), flops(tuned), 1e-5, epochs_done
    )
    found = estimate_from([past], tuned, flops(tuned), 45_000, on_gpu=False)
    assert found.based_on == int(counts)
