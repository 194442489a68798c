"""Promise: the page launches exactly what it shows, and nothing while anything is wrong."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from core.client import Client
from core.spec import Experiment, parse
from core.spec.files import experiment_to_toml
from tests.dashboard.conftest import Opener, texts

SMALL = parse(
    {
        "name": "small",
        "data": {"dataset": "digits", "train_size": 100},
        "model": {"stages": [{"convolutions": [{"kind": "normal", "filters": 4}]}]},
        "training": {"epochs": 1},
    }
)


def _field(app: AppTest, kind: str, path: str):
    return next(each for each in app.get(kind) if each.key and each.key.endswith(f"/{path}"))


def _launch(app: AppTest):
    return next(each for each in app.button if each.label.startswith("Launch"))


def test_an_empty_lab_opens_on_something_that_can_run_right_now(open_page: Opener) -> None:
    app = open_page("new_experiment")
    assert _field(app, "selectbox", "data.dataset").value == "digits"
    assert "digits because cifar10 is not downloaded yet" in texts(app).replace("\\", "")
    assert not _launch(app).disabled
    assert not app.error


def test_the_preview_shows_layers_formulas_and_an_estimate(open_page: Opener) -> None:
    app = open_page("new_experiment")
    table = "".join(str(each.proto.body) for each in app.get("html"))
    assert "layers, input 8 × 8 × 1" in table
    assert "× 3 × 1 + 1) ×" in table
    assert "Time per epoch: about" in texts(app)
    assert [each.label for each in app.metric] == ["Parameters", "FLOPs per image", "Memory"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("training.epochs", 1_000_000),
        ("training.learning_rate", 0.0),
        ("model.stages.0.convolutions.0.filters", 0),
        ("model.stages.0.convolutions.0.kernel_size", 64),
        ("data.train_size", 1_000_000),
        ("data.train_size", 3),
    ],
)
def test_nonsense_is_named_and_cannot_be_launched(
    open_page: Opener, lab: Client, path: str, value: float
) -> None:
    app = open_page("new_experiment")
    _field(app, "number_input", path).set_value(value).run()
    assert not app.exception
    assert _launch(app).disabled
    assert "to fix" in app.warning[0].value
    assert lab.runs.list() == []


def test_a_network_that_does_not_fit_says_so_at_its_field(open_page: Opener) -> None:
    app = open_page("new_experiment")
    _field(app, "number_input", "model.stages.0.convolutions.0.kernel_size").set_value(9).run()
    _field(app, "selectbox", "model.stages.0.convolutions.0.padding").set_value("valid").run()
    assert _launch(app).disabled
    assert any(":red[" in each.value for each in app.markdown)


def test_a_preset_fills_the_form_and_undo_brings_the_own_back(open_page: Opener) -> None:
    app = open_page("new_experiment")
    _field(app, "number_input", "training.epochs").set_value(3).run()
    chooser = next(each for each in app.selectbox if each.label == "Start from a preset")
    assert chooser.options == sorted(chooser.options)  # by group, then by title
    chooser.set_value("scratch_cnn").run()
    preset = Client().experiments.preset("scratch_cnn").experiment
    assert parse(app.session_state["draft"].raw) == preset
    next(each for each in app.button if each.label == "Undo").click().run()
    assert _field(app, "number_input", "training.epochs").value == 3


def test_a_link_starts_from_a_preset_or_a_run(open_page: Opener, lab: Client) -> None:
    app = open_page("new_experiment", preset="batch_norm")
    assert parse(app.session_state["draft"].raw) == lab.experiments.preset("batch_norm").experiment
    [run] = lab.store.runs.add(SMALL)
    app = open_page("new_experiment", clone=run.id)
    assert parse(app.session_state["draft"].raw) == SMALL


@pytest.mark.parametrize("address", [{"clone": "nobody"}, {"preset": "nothing"}])
def test_an_unknown_start_is_one_sentence(open_page: Opener, address: dict[str, str]) -> None:
    app = open_page("new_experiment", **address)
    assert len(app.error) == 1
    assert not _launch(app).disabled
    app.run()
    assert not app.error


def test_a_file_fills_the_form_and_a_bad_one_leaves_it(open_page: Opener) -> None:
    app = open_page("new_experiment")
    upload = app.file_uploader[0]
    upload.set_value(("mine.toml", experiment_to_toml(SMALL).encode(), "application/toml")).run()
    assert parse(app.session_state["draft"].raw) == SMALL
    app.file_uploader[0].set_value(("bad.toml", b"[[[", "application/toml")).run()
    assert "TOML" in app.error[0].value
    assert parse(app.session_state["draft"].raw) == SMALL


def test_what_was_typed_is_still_there_after_another_page(open_page: Opener) -> None:
    app = open_page("new_experiment")
    _field(app, "number_input", "training.epochs").set_value(4).run()
    app.switch_page("pages/runs/runs.py").run()
    app.switch_page("pages/new_experiment/new_experiment.py").run()
    assert _field(app, "number_input", "training.epochs").value == 4


def test_a_launch_queues_one_run_a_seed_and_links_to_them(open_page: Opener, lab: Client) -> None:
    app = open_page("new_experiment")
    app.session_state["draft"].start_from(SMALL, origin="the test")
    app.run()
    _field(app, "text_input", "seeds").set_value("1, 2").run()
    assert _launch(app).label == "Launch 2 runs, one per seed"
    _launch(app).click().run()
    assert not app.exception
    assert "Launched: 2 runs" in texts(app)
    assert sorted(run.seed for run in lab.runs.list()) == [1, 2]
    assert {Experiment.model_validate(run.config).training.epochs for run in lab.runs.list()} == {1}
    assert lab.machine.supervisor().is_running
