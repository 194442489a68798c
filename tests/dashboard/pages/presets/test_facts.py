"""Promise: a card says what was measured and what changes, in as few words as are true."""

from __future__ import annotations

import pytest

from core.client import Client
from core.spec import parse
from core.spec.files import Measured, preset_names, read_preset
from dashboard.pages.presets import facts, filters
from dashboard.pages.presets.changes import changes
from dashboard.pages.presets.launch import How


def measured(**parts: object) -> Measured:
    """A score with everything that is needed to judge it."""
    given = {"score": 0.5, "split": "validation", "which": "best", "epochs": 3, "seeds": (1,)}
    given |= {"images": 45000, "seconds": 90.0, "engine": "jax", "machine": "one core"}
    return Measured.model_validate(given | {"date": "2026-11-21"} | parts)


def test_no_score_says_so() -> None:
    assert facts.scores(()) == "not yet measured"
    assert facts.circumstances(()) == ""


def test_a_score_never_comes_without_its_split_and_its_epoch() -> None:
    shown = facts.scores([measured(split="train", which="last"), measured(score=0.8249)])
    assert shown == "validation 82.5 % (best epoch), training 50.0 % (last epoch)"


def test_seeds_of_one_split_are_a_mean_with_their_number() -> None:
    found = [measured(score=0.5, seeds=(1,)), measured(score=0.7, seeds=(2,))]
    assert facts.scores(found) == "validation 60.0 % (best epoch, mean of 2)"
    said = "45,000 images · 3 epochs · 2 seeds · 1 min 30 s · jax · one core"
    assert facts.circumstances(found) == said


def test_one_entry_over_seeds_shows_its_spread_and_what_differed_from_the_file() -> None:
    changed = ("data.train_size=10000", "training.mixed_precision=true")
    found = [measured(score=0.7, spread=0.012, seeds=(1, 2, 3), settings=changed)]
    assert facts.scores(found) == "validation 70.0 % ± 1.2 % (best epoch, mean of 3)"
    said = facts.circumstances(found)
    assert "3 seeds" in said
    assert said.endswith("with data.train_size=10000, training.mixed_precision=true")


def test_scores_of_other_lengths_and_settings_are_never_averaged() -> None:
    few = {"images": 10000, "settings": ("data.train_size=10000",)}
    found = [
        measured(score=0.6, seeds=(1, 2, 3), **few),
        measured(score=0.8),
        measured(score=0.9, split="train", which="last", **few),
    ]
    longest, other = facts.alike(found)
    assert facts.scores(longest) == "validation 80.0 % (best epoch)"
    assert "45,000 images" in facts.circumstances(longest)
    assert facts.scores(other).startswith("validation 60.0 % (best epoch, mean of 3), training 90")
    assert "10,000 images" in facts.circumstances(other)


def test_a_presets_size_is_told_without_its_layers_too() -> None:
    experiment = read_preset("l2").experiment
    summary = Client().experiments.describe(experiment)
    assert facts.size(summary, experiment).startswith("2,168,938 parameters · 53.2 M FLOPs · CIFAR")
    assert facts.size(None, experiment) == "CIFAR-10 · 15 epochs"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("batch_norm", [("Normalisation", "none", "batch")]),
        ("extra_conv_unit", [("Stage 3", "—", "2 x normal 128, max pooling")]),
        ("lenet_relu", [("Activation", "tanh", "ReLU")]),
        (
            "conv_kind_grouped_dilation",
            [
                ("Stage 1, Convolution 2", "normal 48", "mixed groups 48 (dilation 1 and 2)"),
                (
                    "Stage 2, Convolutions",
                    "2 x normal 96",
                    "2 x mixed groups 96 (dilation 1 and 2)",
                ),
                (
                    "Stage 3, Convolutions",
                    "2 x normal 192",
                    "2 x mixed groups 192 (dilation 1 and 2)",
                ),
            ],
        ),
    ],
)
def test_what_changes_against_the_base(name: str, expected: list[tuple[str, str, str]]) -> None:
    preset = read_preset(name)
    base = read_preset(preset.about.base)
    assert changes(base.experiment, preset.experiment) == expected


@pytest.mark.parametrize("name", preset_names())
def test_every_preset_with_a_base_changes_something(name: str) -> None:
    preset = read_preset(name)
    if preset.about.base:
        assert changes(read_preset(preset.about.base).experiment, preset.experiment)
    assert changes(preset.experiment, preset.experiment) == []


def test_groups_that_are_switched_on_or_of_another_kind_are_one_line() -> None:
    plain = parse({"name": "a", "notes": "b"})
    other = parse(
        {
            "name": "c",
            "training": {
                "early_stopping": {"patience": 4},
                "optimizer": {"kind": "sgd", "momentum": 0.5, "nesterov": False},
            },
        }
    )
    assert changes(plain, other) == [
        ("Optimiser", "adam (beta 1 0.9, beta 2 0.999)", "sgd (momentum 0.5)"),
        ("Early stopping", "—", "monitor validation loss, patience 4"),
    ]


def test_what_only_the_preset_has_stands_where_it_stands_there() -> None:
    base, full = read_preset("dense_base"), read_preset("fully_convolutional")
    settings = [each.setting for each in changes(base.experiment, full.experiment)]
    assert settings.index("Stage 1, Convolution 3") < settings.index("Stage 2, Dropout")


def test_every_word_must_be_in_what_a_preset_says_of_itself() -> None:
    presets = [read_preset(name) for name in preset_names()]

    def found(words: str, *sections: str) -> set[str]:
        wanted = filters.Wanted(words, sections)
        return {preset.name for preset in presets if wanted.lets_through(preset)}

    assert found("") == set(preset_names())
    assert found("LENET mnist") == {"lenet_mnist"}
    assert "conv_kind_dilated" in found("dilated")
    assert found("conv_kind_dilated") == {"conv_kind_dilated"}
    assert found("", "D") <= {
        name for name in preset_names() if read_preset(name).about.group == "D"
    }
    assert found("no such word") == set()


def test_a_base_stands_before_what_changes_it() -> None:
    order = filters.in_order([read_preset(name) for name in preset_names()])
    names = [preset.name for preset in order]
    for preset in order:
        base = preset.about.base
        if base and read_preset(base).about.group == preset.about.group:
            assert names.index(base) < names.index(preset.name)
    assert [preset.about.group for preset in order] == sorted(p.about.group for p in order)


def test_how_to_launch_changes_what_it_names_and_nothing_else() -> None:
    experiment = read_preset("l2").experiment
    assert How().of(experiment) == experiment
    changed = How(dataset="digits", epochs=2, seeds="1, 2").of(experiment)
    assert (changed.data.dataset, changed.training.epochs, changed.seeds) == ("digits", 2, (1, 2))
    assert changed.model == experiment.model
    assert str(How(dataset="digits", epochs=1, seeds="1")) == "on digits, 1 epoch, seeds 1"
