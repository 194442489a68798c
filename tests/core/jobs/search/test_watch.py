"""A supervisor's care for controllers: one a search, adopted, replaced, and given up in the end."""

from __future__ import annotations

import os
import shutil
import signal
from typing import Any

import pytest

from core.jobs.search.watch import MAX_RESTARTS, SearchWatch
from core.jobs.supervisor import supervisor_status
from core.processes import ProcessIdentity
from core.records.runs import RunState
from core.records.searches import SearchRecord, SearchState, TrialState
from core.spec.search import parse_search
from tests.core.jobs.lab import Lab, until
from tests.core.jobs.searching import search_of
from tests.core.store.searching import BUDGET, CONFIG

pytestmark = [pytest.mark.processes, pytest.mark.timing]


def submit(lab: Lab, name: str = "rates", **fields: Any) -> SearchRecord:
    """A grid, whose controller is at work in an instant."""
    search = parse_search(search_of(name=name, algorithm={"kind": "grid"}, **fields))
    return lab.store.searches.add(name, search.to_dict(), search.budget.model_dump(mode="json"))


def controller(lab: Lab, search: SearchRecord) -> ProcessIdentity | None:
    """The living controller that has told the store of itself."""
    identity = lab.store.controllers.process_of(search.id)
    process = ProcessIdentity(*identity) if identity else None
    return process if process is not None and process.is_alive() else None


def at_work(lab: Lab, watch: SearchWatch, search: SearchRecord) -> ProcessIdentity:
    """The search's controller, once its first trial is there."""
    until(lambda: watch.poll() and bool(lab.store.searches.trials(search.id)))
    process = controller(lab, search)
    assert process is not None
    return process


def test_each_search_at_work_has_one_controller_and_an_ended_one_none(lab: Lab) -> None:
    watch, other = SearchWatch(lab.settings, lab.store), SearchWatch(lab.settings, lab.store)
    assert not watch.poll()
    one, two = submit(lab, "one"), submit(lab, "two")
    processes = [at_work(lab, watch, search) for search in (one, two)]
    assert processes[0] != processes[1]
    for _ in range(3):
        # Another supervisor finds both in good hands.
        assert other.poll()
    assert [controller(lab, search) for search in (one, two)] == processes
    assert [lab.store.searches.get(search.id).generation for search in (one, two)] == [1, 1]
    for search in (one, two):
        lab.store.searches.end(search.id)
    until(lambda: not any(process.is_alive() for process in processes))
    assert watch.has_ended()
    assert not watch.poll()
    assert {trial.state for trial in lab.store.searches.trials(one.id)} == {TrialState.STOPPED}


def test_a_killed_controller_is_replaced_and_its_search_goes_on(lab: Lab) -> None:
    watch, search = SearchWatch(lab.settings, lab.store), submit(lab)
    first = at_work(lab, watch, search)
    first.kill_group()
    until(lambda: not first.is_alive())
    lab.store.searches.set_budget(search.id, search.budget | {"parallel": 2})
    until(lambda: watch.poll() and len(lab.store.searches.trials(search.id)) == 2)
    assert lab.store.searches.get(search.id).generation == 2


def test_a_silent_controller_is_ended_and_replaced(lab: Lab) -> None:
    watch, search = SearchWatch(lab.settings, lab.store), submit(lab)
    first = at_work(lab, watch, search)
    os.kill(first.pid, signal.SIGSTOP)
    watch.lease_s = 1.0
    until(lambda: watch.poll() and not first.is_alive())
    watch.lease_s = 60.0
    until(lambda: watch.poll() and controller(lab, search) is not None)
    assert lab.store.searches.get(search.id).generation >= 2


def test_a_paused_search_has_no_process_once_its_trials_have_ended(lab: Lab) -> None:
    watch, search = SearchWatch(lab.settings, lab.store), submit(lab)
    process = at_work(lab, watch, search)
    lab.store.searches.pause(search.id)
    assert watch.poll()
    assert process.is_alive()
    lab.store.searches.stop_trial(search.id, 1)
    until(lambda: not process.is_alive())
    assert not watch.poll()
    lab.store.searches.resume(search.id)
    until(lambda: watch.poll() and len(lab.store.searches.trials(search.id)) == 2)


def test_controllers_that_die_one_after_the_other_pause_the_search(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, search = SearchWatch(lab.settings, lab.store), submit(lab)
    # An interpreter without its library: no controller gets to its first line.
    monkeypatch.setenv("PYTHONHOME", str(lab.settings.results / "nowhere"))
    for generation in range(MAX_RESTARTS - 1):
        assert lab.store.controllers.claim(search.id, generation) is not None
    until(lambda: not watch.poll(), 120)
    found = lab.store.searches.get(search.id)
    assert found.state is SearchState.PAUSED
    assert f"ended {MAX_RESTARTS} times" in found.reason
    monkeypatch.delenv("PYTHONHOME")
    lab.store.searches.resume(search.id)
    assert at_work(lab, watch, search)


def test_a_controller_ends_when_its_folder_is_gone(lab: Lab) -> None:
    search = submit(lab)
    process = at_work(lab, SearchWatch(lab.settings, lab.store), search)
    shutil.rmtree(lab.settings.search_folder(search.id))
    until(lambda: not process.is_alive())


def test_a_search_that_cannot_be_read_fails_with_why(lab: Lab) -> None:
    watch = SearchWatch(lab.settings, lab.store)
    search = lab.store.searches.add("broken", CONFIG | {"parameters": []}, BUDGET)
    until(lambda: not watch.poll())
    found = lab.store.searches.get(search.id)
    assert found.state is SearchState.FAILED
    assert "parameters" in found.reason


def test_a_successor_adopts_the_controllers_of_a_killed_supervisor(lab: Lab) -> None:
    search = submit(lab)
    first = lab.start_supervisor()
    until(lambda: bool(lab.store.searches.trials(search.id)))
    process = controller(lab, search)
    assert process is not None
    first.kill()
    first.wait()
    lab.start_supervisor()
    until(lambda: supervisor_status(lab.settings).is_running)
    # The successor has looked around as soon as it has started a run.
    trial_run = lab.store.searches.trial(search.id, 1).run_ids[0]
    until(lambda: lab.store.runs.get(trial_run).state is not RunState.QUEUED)
    assert controller(lab, search) == process
    assert lab.store.searches.get(search.id).generation == 1
    lab.store.searches.end(search.id)
    until(lambda: not process.is_alive())
