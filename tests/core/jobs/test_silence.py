"""Silence counts only while a sign of life could have been stored."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from core.jobs.search.watch import SearchWatch
from core.jobs.silence import Silence
from core.jobs.watch import Watch
from core.processes import ProcessIdentity
from core.records.runs import RunState
from core.store.probe import WriteProbe
from tests.core.jobs.lab import Lab, locked, until
from tests.core.jobs.search.test_watch import submit

START = datetime(2026, 1, 1, tzinfo=UTC)


class Writes:
    """Whether writes are possible, as the test decides."""

    possible = True

    def __call__(self) -> bool:
        return self.possible


def silence_after(silence: Silence[str], seconds: range, *, beats: bool = False) -> float:
    """Look once for each of these seconds at one trainer; how long it is then silent."""
    found = 0.0
    for second in seconds:
        heartbeat = START + timedelta(seconds=second if beats else 0)
        found = silence.update({"run": heartbeat}, now=float(second))["run"]
    return found


def test_silence_is_the_time_since_the_last_heartbeat() -> None:
    silence = Silence[str](Writes())
    assert silence_after(silence, range(61)) == 60.0
    assert silence_after(silence, range(61, 65), beats=True) == 0.0
    assert silence.update({"other": None}, now=66.0) == {"other": 0.0}


def test_time_without_writes_is_no_silence_and_neither_is_the_time_before_it() -> None:
    writes = Writes()
    silence = Silence[str](writes)
    assert silence_after(silence, range(41)) == 40.0
    writes.possible = False
    assert silence_after(silence, range(41, 101)) == 0.0
    writes.possible = True
    assert silence_after(silence, range(101, 131)) == 30.0


def test_time_in_which_the_supervisor_did_not_look_is_no_silence() -> None:
    # It waited for the database itself, or was stopped.
    silence = Silence[str](Writes())
    assert silence_after(silence, range(11)) == 10.0
    assert silence_after(silence, range(45, 46)) == 10.0
    assert silence_after(silence, range(46, 56)) == 20.0


def test_writes_are_probed_only_where_something_is_silent() -> None:
    probes = []

    def can_write() -> bool:
        probes.append(None)
        return True

    silence = Silence[str](can_write)
    silence_after(silence, range(61), beats=True)
    assert probes == []
    silence_after(silence, range(61, 71))
    assert probes


@pytest.mark.processes
@pytest.mark.timing
def test_a_probe_says_whether_a_write_is_possible_and_changes_nothing(lab: Lab) -> None:
    probe, before = WriteProbe(lab.store.database), lab.store.revision()
    assert probe.takes_writes()
    with locked(lab):
        started = time.monotonic()
        assert not probe.takes_writes()
        assert time.monotonic() - started < 5
    assert probe.takes_writes()
    assert lab.store.revision() == before
    probe.close()


@contextmanager
def locked_for(lab: Lab, seconds: float) -> Iterator[threading.Event]:
    """The database is locked for so long; the event says that it is no more."""
    with ExitStack() as stack:
        stack.enter_context(locked(lab))
        lock, released = stack.pop_all(), threading.Event()

        def release() -> None:
            lock.close()
            released.set()

        timer = threading.Timer(seconds, release)
        timer.start()
        yield released
        timer.join()


@pytest.mark.processes
@pytest.mark.timing
def test_a_lock_longer_than_its_lease_ends_no_trainer(lab: Lab) -> None:
    run, trainer = lab.stand_in()
    watch = Watch(lab.settings, lab.store, lease_s=4.0)
    with locked_for(lab, 10.0) as released:

        def is_released() -> bool:
            watch.poll()
            return released.is_set()

        until(is_released)
    before = lab.store.runs.get(run.id).heartbeat_at

    def sends_heartbeat() -> bool:
        watch.poll()
        return lab.store.runs.get(run.id).heartbeat_at != before

    until(sends_heartbeat, 20)
    watch.poll()
    now = lab.store.runs.get(run.id)
    assert (now.state, now.attempt, now.auto_resumes) == (RunState.RUNNING, 1, 0)
    assert trainer.poll() is None
    # One that is really silent is ended all the same.
    os.kill(trainer.pid, signal.SIGSTOP)
    until(lambda: watch.poll() is None and lab.store.runs.get(run.id).attempt == 2, 30)


@pytest.mark.processes
@pytest.mark.timing
def test_a_lock_longer_than_its_lease_ends_no_controller(lab: Lab) -> None:
    search = submit(lab)
    watch = SearchWatch(lab.settings, lab.store)
    until(lambda: watch.poll() and bool(lab.store.searches.trials(search.id)))
    identity = lab.store.controllers.process_of(search.id)
    assert identity is not None
    watch.lease_s = 7.0
    with locked_for(lab, 14.0) as released:
        until(lambda: watch.poll() and released.is_set())
    before = lab.store.searches.get(search.id).heartbeat_at
    until(lambda: watch.poll() and lab.store.searches.get(search.id).heartbeat_at != before, 20)
    assert watch.poll()
    now = lab.store.searches.get(search.id)
    assert (now.generation, now.restarts) == (1, 0)
    assert ProcessIdentity(*identity).is_alive()
