"""Every page of a lab that somebody else made says what waits, and lets the person decide."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.client import Client
from core.records.runs import RunState
from core.settings import Settings
from core.spec import parse
from core.store.store import Store
from tests.dashboard.conftest import APP, Opener, texts

SENTENCE = "This results folder contains 1 run that waits: you have not opened it before."
PAGES = sorted(each.parent.name for each in (APP.parent / "pages").glob("*/__init__.py"))
EXPERIMENT = parse({"data": {"dataset": "digits"}, "training": {"epochs": 1}})


@pytest.fixture
def foreign(lab: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The lab with a queued run, for another user than the one who made it."""
    Store.open(lab.settings).runs.add(EXPERIMENT)
    monkeypatch.setenv("CONVSCOPE_CONFIG", str(tmp_path / "my config"))
    return Client(Settings.from_environment())


@pytest.mark.parametrize("page", PAGES)
def test_every_page_says_what_waits(page: str, foreign: Client, open_page: Opener) -> None:
    app = open_page(page)
    assert SENTENCE in texts(app)
    assert [run.state for run in foreign.runs.list()] == [RunState.QUEUED]


def test_it_starts_on_a_click(foreign: Client, open_page: Opener) -> None:
    app = open_page("runs")
    foreign.machine.ensure_supervisor()
    app.button(key="held_work/start").click().run()
    assert not app.exception
    assert SENTENCE not in texts(app)
    assert foreign.held_work.get() is None


def test_it_is_stopped_on_a_click(foreign: Client, open_page: Opener) -> None:
    app = open_page("runs")
    app.button(key="held_work/stop").click().run()
    assert not app.exception
    assert SENTENCE not in texts(app)
    assert [run.state for run in foreign.runs.list()] == [RunState.STOPPED]


def test_a_decision_that_cannot_be_stored_is_a_sentence(foreign: Client, open_page: Opener) -> None:
    app = open_page("runs")
    shutil.rmtree(foreign.settings.config)
    foreign.settings.config.write_text("a file stands in its place")
    app.button(key="held_work/start").click().run()
    assert not app.exception
    assert "set CONVSCOPE" in texts(app)
    assert [run.state for run in foreign.runs.list()] == [RunState.QUEUED]


def test_a_configuration_folder_that_cannot_be_written_to_is_named_as_the_reason(
    foreign: Client, open_page: Opener
) -> None:
    foreign.settings.config.write_text("a file stands in its place")
    app = open_page("runs")
    assert SENTENCE not in texts(app)
    assert f"`{foreign.settings.config}`" in texts(app)
    assert "CONVSCOPE_CONFIG" in texts(app)
    assert not [each for each in app.button if str(each.key).startswith("held_work/")]


def test_a_lab_of_ones_own_shows_no_banner(lab: Client, open_page: Opener) -> None:
    Store.open(lab.settings).runs.add(EXPERIMENT)
    assert "you have not opened it" not in texts(open_page("runs"))
