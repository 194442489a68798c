"""Promise: a field takes a list, the price is told first, and one press launches them all."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.client import Client
from core.spec import parse
from core.spec.files import experiment_to_toml
from core.spec.grid import axis_from_text, grid_of
from tests.dashboard.conftest import Opener, texts

SMALL = parse(
    {
        "name": "small",
        "data": {"dataset": "digits", "train_size": 100},
        "model": {"stages": [{"convolutions": [{"kind": "normal", "filters": 4}]}]},
        "training": {"epochs": 1},
    }
)


def opened(open_page: Opener) -> AppTest:
    """The form with a small experiment in it."""
    app = open_page("new_experiment")
    app.session_state["draft"].start_from(SMALL, origin="the test")
    return app.run()


def vary(app: AppTest, path: str, values: str) -> None:
    """Choose a field and type its list."""
    box = next(each for each in app.selectbox if each.key and each.key.endswith("/more"))
    assert app.session_state["grid/lists"].texts.get(path) is None
    box.select(next(each for each in box.options if each == TITLES[path])).run()
    of(app, path).set_value(values).run()
    assert not app.exception


def of(app: AppTest, path: str):
    return next(each for each in app.text_input if each.key and each.key.endswith(f"/{path}"))


def launch(app: AppTest):
    return next(each for each in app.button if each.key == "launch")


TITLES = {"training.learning_rate": "Learning rate", "training.batch_size": "Batch size"}


def test_a_list_is_a_grid_with_its_number_and_its_time(open_page: Opener, lab: Client) -> None:
    app = opened(open_page)
    vary(app, "training.learning_rate", "0.1, 0.01, 0.001")
    assert launch(app).label == "Launch the grid of 3 runs"
    assert "**3 runs**, one after the other about" in texts(app)
    vary(app, "training.batch_size", "8, 16")
    assert "3 x 2 = 6 runs" in texts(app)
    launch(app).click().run()
    assert not app.exception
    assert [run.name for run in lab.runs.list()][:2] == [
        "small learning_rate=0.1, batch_size=8",
        "small learning_rate=0.1, batch_size=16",
    ]
    assert len({run.group_id for run in lab.runs.list()}) == 1
    assert app.title[0].value == "Compare"


def test_a_list_of_one_value_is_one_run_and_no_comparison(open_page: Opener, lab: Client) -> None:
    app = opened(open_page)
    vary(app, "training.learning_rate", "0.1,")
    assert launch(app).label == "Launch"
    launch(app).click().run()
    assert not app.exception
    assert len(lab.runs.list()) == 1
    assert app.title[0].value == "New experiment"


def test_a_wrong_value_is_said_at_its_list_and_nothing_is_launched(
    open_page: Opener, lab: Client
) -> None:
    app = opened(open_page)
    vary(app, "training.learning_rate", "0.1, 0")
    assert launch(app).disabled
    assert any(":red[" in each.value and "greater than 0" in each.value for each in app.markdown)
    of(app, "training.learning_rate").set_value(", ".join(map(str, range(1, 200)))).run()
    assert launch(app).disabled
    assert lab.runs.list() == []
    next(each for each in app.button if each.key and each.key.endswith("/remove")).click().run()
    assert launch(app).label == "Launch"
    assert not launch(app).disabled


def test_the_presets_own_grid_is_offered_and_another_start_forgets_it(open_page: Opener) -> None:
    app = open_page("new_experiment", preset="l2")
    next(each for each in app.button if each.label == "Take the preset's grid of 4").click().run()
    lists = app.session_state["grid/lists"]
    assert list(lists.texts.values()) == ["0.0001, 0.001, 0.01, 0.1"]
    app.session_state["draft"].start_from(SMALL, origin="another")
    app.run()
    assert launch(app).label == "Launch"


def test_a_file_brings_its_grid(open_page: Opener) -> None:
    app = open_page("new_experiment")
    grid = grid_of([axis_from_text("training.batch_size=8,16")])
    content = experiment_to_toml(SMALL, grid).encode()
    app.file_uploader[0].set_value(("mine.toml", content, "application/toml")).run()
    assert parse(app.session_state["draft"].raw) == SMALL
    assert launch(app).label == "Launch the grid of 2 runs"
