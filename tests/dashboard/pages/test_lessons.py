"""Promise: a lesson opens beside its options, for the network in the form."""

from __future__ import annotations

from tests.dashboard.conftest import Opener, texts


def test_closed_lessons_cost_nothing_and_an_open_one_has_its_text(open_page: Opener) -> None:
    app = open_page("new_experiment")
    assert "At every training step a random share" not in texts(app)
    app.session_state["lesson/dropout"] = True
    app.run()
    assert not app.exception
    assert "At every training step a random share" in texts(app)
    assert "A cross is dropped" in texts(app)


def test_a_lesson_about_the_network_stands_while_a_field_is_wrong(open_page: Opener) -> None:
    app = open_page("new_experiment")
    epochs = next(each for each in app.number_input if str(each.key).endswith("training.epochs"))
    epochs.set_value(1_000_000).run()
    app.session_state["lesson/depth"] = True
    app.run()
    assert not app.exception
    assert "More layers one after the other" in texts(app)
