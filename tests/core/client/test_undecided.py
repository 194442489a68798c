"""Nothing is queued in a lab that could never start it: its opening cannot be stored."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.client import Client
from core.errors import DecisionsError
from core.records.runs import HoldReason, RunState
from core.records.searches import SearchState
from core.settings import Settings
from core.spec import Experiment
from core.spec.search import parse_search
from core.store.store import Store
from tests.core.store.lives import in_state
from tests.core.store.searching import CONFIG, controlled


@pytest.fixture
def unwritable(settings: Settings, tmp_path: Path) -> Settings:
    """The settings with a file in the place of the configuration folder."""
    found = replace(settings, config=tmp_path / "my config")
    found.config.write_text("a file in its place")
    return found


@pytest.mark.parametrize(
    "submit",
    [
        lambda client, experiment: client.runs.submit(experiment),
        lambda client, experiment: client.searches.submit(parse_search(CONFIG)),
    ],
)
def test_a_launch_is_refused_and_nothing_is_queued(
    submit: Callable[[Client, Experiment], object], unwritable: Settings, experiment: Experiment
) -> None:
    client = Client(unwritable)
    with pytest.raises(DecisionsError, match="CONVSCOPE_CONFIG"):
        submit(client, experiment)
    assert (client.runs.list(), client.searches.list(), client.held_work.get()) == ([], [], None)
    assert not client.machine.supervisor().is_running
    client.close()


def test_resuming_is_refused_and_nothing_is_queued(unwritable: Settings) -> None:
    with Store.open(unwritable) as store:
        run = in_state(store, RunState.STOPPED)
        search, _ = controlled(store)
        store.searches.pause(search.id)
    client = Client(unwritable)
    for resume, key in ((client.runs.resume, run.id), (client.searches.resume, search.id)):
        with pytest.raises(DecisionsError, match="CONVSCOPE_CONFIG"):
            resume(key)
    assert client.runs.get(run.id).state is RunState.STOPPED
    assert client.searches.get(search.id).state is SearchState.PAUSED
    client.close()


@pytest.mark.usefixtures("nothing_starts")
def test_a_folder_that_can_be_written_to_again_holds_nothing(
    unwritable: Settings, experiment: Experiment
) -> None:
    client = Client(unwritable)
    assert client.held_work.get() is None
    unwritable.config.unlink()
    client.runs.submit(experiment)
    assert client.held_work.get() is None
    client.close()


@pytest.mark.usefixtures("nothing_starts")
def test_a_lab_that_is_known_needs_no_writable_folder(
    settings: Settings, experiment: Experiment, tmp_path: Path
) -> None:
    mine = replace(settings, config=tmp_path / "my config")
    Store.open(mine).close()
    (mine.config / "opened_labs.lock").unlink(missing_ok=True)
    # In the lock's place, so that nothing could be written.
    (mine.config / "opened_labs.lock").mkdir()
    client = Client(mine)
    client.runs.submit(experiment)
    assert client.held_work.get() is None
    client.close()


def test_held_work_says_why_it_is_held(settings: Settings, tmp_path: Path) -> None:
    with Store.open(settings) as store:
        in_state(store, RunState.QUEUED)
    client = Client(replace(settings, config=tmp_path / "my config"))
    held = client.held_work.get()
    assert held is not None
    assert held.reason is HoldReason.NEVER_OPENED
    shutil.rmtree(client.settings.config)
    client.settings.config.write_text("a file in its place")
    held = client.held_work.get()
    assert held is not None
    assert held.reason is HoldReason.NOT_STORABLE
    client.close()
