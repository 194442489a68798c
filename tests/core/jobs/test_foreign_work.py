"""A results folder that somebody else made starts nothing until this user releases it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.client import Client
from core.errors import WorkHeld
from core.jobs.supervisor import ensure_supervisor
from core.jobs.watch import Watch
from core.models.trust import FILE, NOT_TRUSTED
from core.processes import ProcessIdentity
from core.records.runs import Run, RunState
from core.records.searches import SearchRecord, SearchState
from core.settings import Settings
from core.spec import parse
from core.spec.search import parse_search
from core.store.opened_labs import held_work, release
from tests.core.jobs.lab import Lab, until
from tests.core.jobs.searching import search_of

pytestmark = [pytest.mark.processes, pytest.mark.timing]


@pytest.fixture
def foreign(make_lab: Callable[..., Lab], tmp_path: Path) -> Lab:
    """A lab of another user, opened by this one."""
    theirs = make_lab()
    mine: Settings = replace(theirs.settings, config=tmp_path / "my config")
    theirs.settings = mine
    return theirs


def log_of(lab: Lab) -> str:
    file = lab.settings.results / "supervisor.log"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def submit_search(lab: Lab) -> SearchRecord:
    search = parse_search(search_of(name="rates", algorithm={"kind": "grid"}))
    content: dict[str, Any] = search.to_dict()
    return lab.store.searches.add(search.name, content, content["budget"])


def submit_own_code(lab: Lab, folder: Path, mark: Path) -> Run:
    """A run whose row names code, which the results folder itself says is trusted."""
    folder.mkdir()
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w')", encoding="utf-8")
    own = {"reference": "evil:build", "folder": str(folder)}
    (lab.settings.results / FILE).write_text(json.dumps([list(own.values())]), encoding="utf-8")
    raw = {"data": {"dataset": "digits"}, "model": {"own": own}, "training": {"epochs": 1}}
    return lab.store.runs.add(parse(raw))[0]


def test_nothing_starts_before_its_release_and_all_goes_on_after_it(
    foreign: Lab, tmp_path: Path
) -> None:
    mark = tmp_path / "imported"
    own, search = submit_own_code(foreign, tmp_path / "code", mark), submit_search(foreign)
    ensure_supervisor(foreign.settings)
    until(lambda: "held until released: 1 run and 1 search" in log_of(foreign))
    # It looks again at each change, and finds the same.
    looked_at = foreign.store.revision()
    foreign.store.runs.note(own.id, "changed")
    assert foreign.store.revision() > looked_at
    waiting = foreign.submit_broken()
    until(lambda: "held until released: 2 runs and 1 search" in log_of(foreign))
    assert {each.state for each in foreign.store.runs.list()} == {RunState.QUEUED}
    assert foreign.store.searches.get(search.id).generation == 0
    assert not mark.exists()
    released_at = time.monotonic()
    release(foreign.settings, foreign.store.database)
    until(lambda: foreign.store.runs.get(own.id).state is not RunState.QUEUED)
    assert time.monotonic() - released_at < 5
    failed = foreign.wait_for(own, RunState.FAILED)
    assert failed.failure is not None
    assert "not trusted" in failed.failure.message
    assert failed.failure.code == NOT_TRUSTED
    foreign.wait_for(waiting, RunState.FAILED)
    until(lambda: foreign.store.searches.get(search.id).generation == 1)
    assert not mark.exists()


def test_a_release_that_only_the_configuration_folder_shows_is_noticed(foreign: Lab) -> None:
    run = foreign.submit_broken()
    watch = Watch(foreign.settings, foreign.store)
    watch.poll()
    revision = foreign.store.revision()
    release(foreign.settings, foreign.store.database)
    # As if the revision could not have been changed.
    watch._revision = foreign.store.revision()
    assert watch._revision > revision

    def started() -> bool:
        watch.poll()
        return foreign.store.runs.get(run.id).state is not RunState.QUEUED

    until(started, timeout_s=5)


def test_a_dead_trainers_run_is_resumed_only_after_the_release(foreign: Lab) -> None:
    run, trainer = foreign.stand_in()
    watch = Watch(foreign.settings, foreign.store)
    watch.poll()
    assert trainer.poll() is None
    trainer.kill()
    trainer.wait()
    foreign.store.runs.note(run.id, "changed")
    watch.poll()
    found = foreign.store.runs.get(run.id)
    assert (found.state, found.attempt) == (RunState.RUNNING, 1)
    release(foreign.settings, foreign.store.database)

    def lost() -> bool:
        watch.poll()
        return foreign.store.runs.get(run.id).attempt == 2

    until(lost)


def test_a_living_trainer_is_left_alone(foreign: Lab) -> None:
    run, trainer = foreign.stand_in(obeys=False)
    watch = Watch(foreign.settings, foreign.store, stop_grace_s=0.0, lease_s=0.0)
    foreign.store.runs.request_stop(run.id)
    for _ in range(3):
        foreign.store.runs.note(run.id, "changed")
        watch.poll()
    assert trainer.poll() is None
    assert foreign.store.runs.get(run.id).state is RunState.STOPPING
    identity = foreign.store.trainers.process_of(run.id)
    assert identity is not None
    assert ProcessIdentity(*identity).is_alive()


def test_waiting_in_a_held_lab_raises_instead_of_never_ending(foreign: Lab) -> None:
    run, search = foreign.submit(), submit_search(foreign)
    client = Client(foreign.settings)
    with pytest.raises(WorkHeld, match="convscope release"):
        client.runs.wait([run.id], timeout_s=30)
    with pytest.raises(WorkHeld, match="convscope release"):
        client.searches.wait(search.id, timeout_s=30)
    foreign.store.runs.request_stop(run.id)
    assert client.runs.wait([run.id])[0].state is RunState.STOPPED
    client.close()


def test_held_work_can_be_stopped_instead_and_the_lab_is_used_from_then_on(foreign: Lab) -> None:
    run, search = foreign.submit(), submit_search(foreign)
    client = Client(foreign.settings)
    held = client.held_work.get()
    assert str(held) == "1 run and 1 search"
    client.held_work.stop()
    assert client.held_work.get() is None
    assert foreign.store.runs.get(run.id).state is RunState.STOPPED
    assert foreign.store.searches.get(search.id).state is SearchState.PAUSED
    mine = foreign.submit_broken()
    foreign.wait_for(mine, RunState.FAILED)
    assert foreign.store.runs.get(run.id).state is RunState.STOPPED
    client.close()


def test_a_lab_whose_work_was_stopped_run_by_run_is_known_from_then_on(foreign: Lab) -> None:
    run = foreign.submit()
    watch = Watch(foreign.settings, foreign.store)
    watch.poll()
    foreign.store.runs.request_stop(run.id)
    watch.poll()
    foreign.submit()
    assert held_work(foreign.settings, foreign.store.database) is None
