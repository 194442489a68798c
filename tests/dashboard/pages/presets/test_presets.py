"""Promise: every preset is a card, and its buttons launch exactly what they say."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from core.client import Client
from core.spec import parse
from core.spec.files import preset_names
from tests.dashboard.conftest import Opener, texts


def button(app: AppTest, preset: str, label: str):
    """A card's button."""
    return next(each for each in app.button if each.key == f"preset/{preset}/{label}")


def on_digits(app: AppTest) -> None:
    """Whatever is launched now is small and can run without CIFAR-10."""
    next(each for each in app.selectbox if each.label == "Data set").set_value("digits").run()
    next(each for each in app.number_input if each.label == "Epochs").set_value(1).run()
    assert not app.exception


def test_every_preset_is_a_card_in_its_section(open_page: Opener) -> None:
    app = open_page("presets")
    keys = {each.key for each in app.button}
    assert {f"preset/{name}/Launch" for name in preset_names()} <= keys
    assert "preset/batch_norm/Launch with its base" in keys
    assert "preset/base_cnn/Launch with its base" not in keys
    assert "preset/l2/Launch the grid of 4" in keys
    headings = [each.value for each in app.subheader]
    assert [each[0] for each in headings] == sorted({each[0] for each in headings})
    assert all(" · " in each for each in headings)
    page = texts(app)
    assert "not yet measured" in page
    assert "82\\.5 \\%" in page  # scratch_cnn, as its header states
    assert "Intel Xeon" in page


def test_a_search_leaves_what_matches_and_says_when_nothing_does(open_page: Opener) -> None:
    app = open_page("presets", find="lenet mnist")
    launches = [each.key for each in app.button if each.key and each.key.endswith("/Launch")]
    assert launches == ["preset/lenet_mnist/Launch"]
    app = open_page("presets", find="no such word")
    assert "No preset matches" in texts(app)


def test_a_link_opens_a_preset_with_what_it_changes(open_page: Opener) -> None:
    app = open_page("presets", preset="batch_norm")
    assert "re\\-centres and re\\-scales" in texts(app)
    tables = "".join(str(each.proto.body) for each in app.get("html"))
    assert "What Batch norm changes" in tables
    assert "Normalisation" in tables


def test_an_unknown_preset_is_one_sentence_above_the_others(open_page: Opener) -> None:
    app = open_page("presets", preset="nothing")
    assert len(app.error) == 1
    assert button(app, "l2", "Launch")


def test_a_launch_stays_and_links_to_its_run(open_page: Opener, lab: Client) -> None:
    app = open_page("presets", find="lenet relu")
    on_digits(app)
    button(app, "lenet_relu", "Launch").click().run()
    # Five pixels of window twice are more than eight pixels: said here, and nothing is queued.
    assert lab.runs.list() == []
    assert "convolution" in app.error[0].value
    app = open_page("presets", find="basic regularised")
    on_digits(app)
    button(app, "basic_cnn_tuned", "Launch").click().run()
    assert not app.exception
    [run] = lab.runs.list()
    assert (run.name, run.dataset, run.epochs) == ("basic_cnn_tuned", "digits", 1)
    assert run.preset == "basic_cnn_tuned"


def test_with_its_base_both_are_launched_alike_and_compared(open_page: Opener, lab: Client) -> None:
    app = open_page("presets", find="batch norm")
    on_digits(app)
    next(each for each in app.text_input if each.label == "Seeds").set_value("3, 4").run()
    button(app, "batch_norm", "Launch with its base").click().run()
    assert not app.exception
    runs = lab.runs.list()
    assert [(run.preset, run.seed) for run in runs] == [
        ("base_cnn", 3),
        ("base_cnn", 4),
        ("batch_norm", 3),
        ("batch_norm", 4),
    ]
    assert {parse(run.config).training.epochs for run in runs} == {1}
    assert app.title[0].value == "Compare"
    asked = "".join(app.query_params["runs"])  # a list of one, or the text itself
    assert asked.split(",") == [run.id for run in runs]
    assert "".join(app.query_params["group"]) == "Seeds together"


def test_the_grid_is_launched_and_compared(open_page: Opener, lab: Client) -> None:
    app = open_page("presets", find="l2 kernels")
    on_digits(app)
    button(app, "l2", "Launch the grid of 4").click().run()
    assert not app.exception
    coefficients = [parse(run.config).model.regularization.conv_l2 for run in lab.runs.list()]
    assert coefficients == [1e-4, 1e-3, 1e-2, 1e-1]
    assert len({run.name for run in lab.runs.list()}) == 4
    assert app.title[0].value == "Compare"


def test_what_cannot_run_here_says_so_at_its_card(open_page: Opener, lab: Client) -> None:
    app = open_page("presets", find="batch norm")
    button(app, "batch_norm", "Launch with its base").click().run()
    if app.error:  # CIFAR-10 can be fetched on some machines
        assert "cifar10" in app.error[0].value.lower().replace("\\", "")
        assert lab.runs.list() == []


@pytest.fixture
def quick_garbage() -> Iterator[None]:
    """Collections of garbage skip what other tests have loaded: a page's process has no engine."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.processes
@pytest.mark.timing
def test_thirty_presets_do_not_slow_the_page(open_page: Opener, quick_garbage: None) -> None:
    app = open_page("presets")
    seconds = []
    for _ in range(3):
        before = time.process_time()
        app.run()
        seconds.append(time.process_time() - before)
    assert min(seconds) < 0.6
