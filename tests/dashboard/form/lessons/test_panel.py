"""Promise: a lesson opens beside its options, for the network in the form."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.dashboard.conftest import Opener, texts


def _open(app: AppTest, lesson: str, title: str) -> None:
    """Press a lesson's button."""
    [group] = [each for each in app.button_group if title in each.options]
    group.set_value(lesson).run()


def test_closed_lessons_cost_nothing_and_an_open_one_has_its_text(open_page: Opener) -> None:
    app = open_page("new_experiment")
    assert "At every training step a random share" not in texts(app)
    _open(app, "dropout", "Dropout")
    assert not app.exception
    assert "At every training step a random share" in texts(app)
    assert "A cross is dropped" in texts(app)


def test_a_lesson_about_the_network_stands_while_a_field_is_wrong(open_page: Opener) -> None:
    app = open_page("new_experiment")
    epochs = next(each for each in app.number_input if str(each.key).endswith("training.epochs"))
    epochs.set_value(1_000_000).run()
    _open(app, "depth", "Depth")
    assert not app.exception
    assert "More layers one after the other" in texts(app)
