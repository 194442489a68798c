"""Promise: the address is the view, what is gone is named, and only what differs is shown."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from core.client import Client
from core.records.runs import Run
from dashboard.charts.bands import Group, mean_bands, spread
from dashboard.charts.series import split_series
from dashboard.pages.compare import groups, tables
from dashboard.shared import run_picker
from dashboard.shared.links import SEEDS_TOGETHER
from tests.core.store.lives import epoch, queued, running
from tests.dashboard.charts.frames import metrics
from tests.dashboard.conftest import Opener, texts


def _tables(app: AppTest) -> str:
    return "\n".join(str(each.value) for each in app.html)


def _ids(runs: list[Run]) -> str:
    return ",".join(run.id for run in runs)


def test_an_empty_lab_shows_the_way(open_page: Opener) -> None:
    assert "fewer than two runs" in texts(open_page("compare"))


def test_without_a_choice_the_newest_are_offered(open_trained: Opener) -> None:
    app = open_trained("compare")
    assert "Choose two or more" in texts(app)
    assert len(app.multiselect[0].options) == 3


def test_one_run_alone_asks_for_a_second_and_is_shown(
    open_trained: Opener, runs: list[Run]
) -> None:
    app = open_trained("compare", runs=runs[0].id)
    assert "Choose a second run" in texts(app)
    assert app.tabs


def test_runs_that_are_gone_are_named_and_the_rest_is_shown(
    open_trained: Opener, runs: list[Run]
) -> None:
    app = open_trained("compare", runs=f"{_ids(runs[:2])},deadbeef,<b>no</b>")
    [said] = [each.value for each in app.warning]
    assert said.startswith("2 runs of this link were not found")
    assert "deadbeef" in said
    assert app.multiselect[0].value == [run.id for run in runs[:2]]


def test_the_address_restores_the_view(open_trained: Opener, runs: list[Run]) -> None:
    view = {"metric": "Accuracy", "axis": "Seconds", "scale": "Log", "smoothing": "0.6"}
    app = open_trained("compare", runs=_ids(runs), tab="Scores", group="Seeds together", **view)
    assert app.session_state["metric"] == "Accuracy"
    assert app.session_state["axis"] == "Seconds"
    assert app.session_state["scale"] == "Log"
    assert app.session_state["smoothing"] == 0.6
    assert app.session_state["tab"] == "Scores"
    assert app.session_state["group"] == "Seeds together"
    assert app.multiselect[0].value == [run.id for run in runs]


@pytest.mark.parametrize("smoothing", ["nan", "-3", "lots", "1e9"])
def test_nonsense_in_the_address_is_ignored(
    open_trained: Opener, runs: list[Run], smoothing: str
) -> None:
    app = open_trained("compare", runs=_ids(runs), smoothing=smoothing, metric="x", group="<b>")
    assert app.session_state["smoothing"] == 0.0
    assert app.session_state["metric"] == "Both"


def test_choosing_changes_the_address(open_trained: Opener, runs: list[Run]) -> None:
    app = open_trained("compare", runs=_ids(runs[:2]))
    app.multiselect[0].set_value([runs[0].id, runs[2].id]).run()
    assert not app.exception
    assert app.query_params["runs"] in (f"{runs[0].id},{runs[2].id}", [_ids([runs[0], runs[2]])])


def test_a_run_is_known_by_the_label_that_it_had_while_it_waited(
    open_page: Opener, lab: Client
) -> None:
    waiting = queued(lab.store, seeds=(1, 2))
    app = open_page("compare", runs=waiting[0].id)
    before = run_picker.label(waiting[0])
    assert before in app.multiselect[0].options
    assert lab.store.runs.claim_next("cpu") is not None
    app.run()
    assert before not in app.multiselect[0].options
    # The browser may not have the new label yet.
    app.multiselect[0].set_value([before, waiting[1].id]).run()
    assert not app.exception
    ids = [run.id for run in waiting]
    assert "".join(app.query_params["runs"]) == ",".join(ids)
    assert app.multiselect[0].value == ids


def test_only_what_differs_is_in_the_table_of_settings(
    open_trained: Opener, runs: list[Run]
) -> None:
    app = open_trained("compare", runs=_ids(runs), tab="Settings")
    table = _tables(app)
    assert "Seed" in table
    assert "Units" in table or "units" in table
    assert "Batch size" not in table
    assert "&lt;b&gt;bold" in table
    assert "<b>bold" not in table
    app.toggle[0].set_value(False).run()
    assert "Batch size" in _tables(app)


def test_scores_name_their_epochs(open_trained: Opener, runs: list[Run]) -> None:
    table = _tables(open_trained("compare", runs=_ids(runs), tab="Scores", group="Seeds together"))
    best = runs[0].best
    assert best is not None
    assert f"{100 * best.val_accuracy:.1f} %" in table
    assert f"epoch {best.epoch} · loss" in table
    assert "(n = 2)" in table


def test_the_gap_is_told_in_words(open_trained: Opener, runs: list[Run]) -> None:
    said = texts(open_trained("compare", runs=_ids(runs), tab="Overfit gap"))
    assert said.count("best epoch.") == len(runs)


def test_runs_before_their_first_epoch_say_what_they_wait_for(
    open_page: Opener, lab: Client
) -> None:
    first, second = running(lab.store), running(lab.store)
    for tab in ("Curves", "Overfit gap", "Scores", "Settings"):
        app = open_page("compare", runs=_ids([first, second]), tab=tab)
        assert "2 runs, 2 of them not finished yet" in [
            each.proto.popover.label for each in app.get("popover")
        ]


def test_the_csv_holds_no_test_score(trained: Client, runs: list[Run], lab: Client) -> None:
    run = running(lab.store)
    lab.store.metrics.save_epoch(run.id, run.attempt, epoch(1))
    lab.store.metrics.save_test_metrics(run.id, 1, {"accuracy": 0.4321})
    frame = lab.metrics.frame([run.id])
    assert "test" in set(frame["split"])
    assert "test" not in tables.csv_of(frame)
    assert len(tables.csv_of(frame).splitlines()) == 1 + 5


def test_seeds_of_one_experiment_are_one_group(runs: list[Run]) -> None:
    found = groups.grouped(runs, SEEDS_TOGETHER)
    assert [group.run_ids for group in found] == [
        (runs[0].id, runs[1].id),
        (runs[2].id,),
    ]
    assert found[0].label.endswith("(2 seeds)")


def test_a_setting_that_differs_groups_the_runs(runs: list[Run]) -> None:
    [setting] = [each for each in groups.groupings(runs) if "nits" in each]
    found = groups.grouped(runs, setting)
    assert [len(group.run_ids) for group in found] == [2, 1]
    assert found[0].label.endswith(": 16 (2 runs)")


def test_mean_and_band_are_those_of_the_runs() -> None:
    frame = pd.concat(
        [
            metrics("a", "validation", "accuracy", [0.2, 0.4, 0.9]),
            metrics("b", "validation", "accuracy", [0.4, 0.8]),
        ]
    )
    over = spread(list(split_series(frame, name="accuracy", x="epoch").values()))
    assert over.mean.tolist() == pytest.approx([0.3, 0.6, 0.9])
    assert over.std[:2].tolist() == pytest.approx([0.02**0.5, 0.08**0.5])
    assert over.count.tolist() == [2, 2, 1]
    figure = mean_bands(
        frame,
        metric="accuracy",
        x="epoch",
        log_y=False,
        groups=[Group("g", "both", "#006cb4", ("a", "b"))],
        splits=["validation"],
    )
    band, mean = figure.data
    # Out along the top and back along the bottom, over the two epochs that both runs have.
    assert list(band.x) == [1, 2, 2, 1]
    assert list(mean.y) == pytest.approx([0.3, 0.6, 0.9])
    assert [trace.showlegend for trace in figure.data] == [False, True]


def test_the_band_of_a_logarithmic_axis_stays_above_zero() -> None:
    frame = pd.concat([metrics("a", "train", "loss", [0.01]), metrics("b", "train", "loss", [2.0])])
    figure = mean_bands(
        frame,
        metric="loss",
        x="epoch",
        log_y=True,
        groups=[Group("g", "both", "#006cb4", ("a", "b"))],
        splits=["train"],
    )
    assert min(figure.data[0].y) == pytest.approx(0.01)
