"""Promise: a lost database is one sentence on every page, and the page is back when it is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.client import Client
from core.client.demo import demo_experiments
from core.records.runs import RunState
from tests.dashboard.conftest import APP, Opener, texts

NAMES = sorted(each.parent.name for each in (APP.parent / "pages").glob("*/__init__.py"))


def file_of(lab: Client) -> Path:
    return lab.settings.results / "convscope.sqlite"


@pytest.mark.parametrize("name", NAMES)
def test_every_page_says_that_the_database_is_gone(
    lab: Client, open_page: Opener, name: str
) -> None:
    run = lab.store.runs.add(demo_experiments()[0])[0]
    lab.settings.run_folder(run.id).mkdir(parents=True)
    app = open_page(name)
    assert not app.error
    away = file_of(lab).rename(lab.settings.results / "away.sqlite")
    app.run()
    assert not app.exception
    (error,) = app.error
    assert "is gone" in error.value
    app.run()
    (error,) = app.error
    assert "is missing" in error.value
    assert not file_of(lab).exists()
    away.rename(file_of(lab))
    app.run()
    assert not app.error


def test_another_database_in_its_place_is_shown_instead(lab: Client, open_page: Opener) -> None:
    first = lab.store.runs.add(demo_experiments()[0])[0]
    copy = lab.settings.results / "copy.sqlite"
    lab.close()
    shutil.copy(file_of(lab), copy)
    lab.runs.rename(first.id, "only in the first one")
    app = open_page("runs")
    assert "only in the first one" in table(app)
    lab.close()
    copy.replace(file_of(lab))
    for _ in range(2):
        app.run()
        (error,) = app.error
        assert "is still there" in error.value
    for name in ("convscope.sqlite-wal", "convscope.sqlite-shm"):
        (lab.settings.results / name).unlink()
    app.run()
    (error,) = app.error
    assert "was replaced" in error.value
    app.run()
    assert not app.error
    assert "only in the first one" not in table(app)
    assert lab.runs.get(first.id).state is RunState.QUEUED


def test_a_page_works_again_after_its_journal_was_deleted(lab: Client, open_page: Opener) -> None:
    lab.store.runs.add(demo_experiments()[0])
    app = open_page("runs")
    lab.close()
    app.run()
    (lab.settings.results / "convscope.sqlite-wal").unlink()
    app.run()
    assert not app.exception
    (error,) = app.error
    assert "journal" in error.value
    app.run()
    assert not app.error
    assert "Nothing more is written" not in texts(app)


def table(app: object) -> str:
    return texts(app) + "\n".join(str(each.value) for each in app.dataframe)  # type: ignore[attr-defined]
