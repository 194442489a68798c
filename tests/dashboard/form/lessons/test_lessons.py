"""Promise: lessons are short, stand where their options are, and their figures are computed."""

from __future__ import annotations

import re

import pytest

from core.errors import InvalidExperiment
from core.spec.files import preset_names, read_preset
from dashboard.form.lessons.figures import figure, widened
from dashboard.form.lessons.texts import lessons
from dashboard.form.sections import FIRST, LESSONS, MORE_LESSONS, TABS

TOPICS = {
    "dropout",
    "batch_norm",
    "l2",
    "depth",
    "width",
    "receptive_field",
    "transfer",
    "augmentation",
    "learning_rate",
}


def test_every_topic_has_a_lesson_that_stands_once_in_the_form() -> None:
    assert set(lessons()) >= TOPICS
    placed = [name for names in (*LESSONS.values(), *MORE_LESSONS.values()) for name in names]
    assert sorted(placed) == sorted(lessons())
    assert set(LESSONS) <= set(FIRST)
    assert set(MORE_LESSONS) <= set(TABS)


@pytest.mark.parametrize("name", sorted(TOPICS))
def test_a_lesson_is_two_to_five_sentences(name: str) -> None:
    text = lessons()[name].text
    assert 2 <= len(re.findall(r"[.!?](?:\s|$)", text)) <= 5
    assert len(text) <= 600
    assert "\n" not in text.strip()


@pytest.mark.parametrize("name", sorted(TOPICS))
@pytest.mark.parametrize("preset", preset_names())
def test_a_figure_has_traces_and_words_for_every_preset(name: str, preset: str) -> None:
    found = figure(name, read_preset(preset).experiment)
    if not lessons()[name].figure:
        assert found is None
    elif found is not None:  # a backbone's width is what it is
        assert found.data or found.layout.annotations


def test_without_a_whole_network_the_general_figures_stand() -> None:
    with_one = {name for name in lessons() if figure(name, None) is not None}
    assert with_one == {"learning_rate", "dropout", "batch_norm", "l2"}


def test_a_wider_network_has_its_filters_times_the_factor() -> None:
    base = read_preset("base_cnn").experiment
    made = [
        each.filters for stage in widened(base, 2.0).model.stages for each in stage.convolutions
    ]
    assert made == [64, 128]
    assert widened(base, 1.0) == base


def test_a_network_that_does_not_fit_is_an_error_and_no_figure() -> None:
    lenet = read_preset("lenet_tanh").experiment
    digits = lenet.model_copy(update={"data": lenet.data.model_copy(update={"dataset": "digits"})})
    with pytest.raises(InvalidExperiment):
        figure("depth", digits)
