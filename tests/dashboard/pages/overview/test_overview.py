"""Promise: the first page says what happens, what failed and why, and what to do when empty."""

from __future__ import annotations

import os
import signal

from core.client import Client
from core.records.phases import Phase
from core.records.runs import Progress, RunState
from tests.core.client.searching import lived_search
from tests.core.jobs.lab import until
from tests.core.store.lives import epoch, in_state, queued, running
from tests.dashboard.conftest import Opener, texts


def test_an_empty_lab_says_what_to_do_and_offers_the_demo(open_page: Opener) -> None:
    app = open_page("overview")
    said = texts(app)
    assert "New experiment" in said
    assert any(each.label == "Start the demo" for each in app.button)
    assert "Digits" in said
    assert "No job runner active" in said


def test_a_run_at_work_shows_epoch_batch_time_left_and_accuracy(
    open_page: Opener, lab: Client
) -> None:
    run = running(lab.store)
    lab.store.metrics.save_epoch(run.id, run.attempt, epoch(1, val_accuracy=0.5))
    progress = Progress(
        Phase.TRAINING, 2, 30, 60, None, seconds_per_epoch=10.0, metrics={"accuracy": 0.625}
    )
    lab.store.trainers.save_progress(run.id, run.attempt, progress)
    app = open_page("overview")
    bar = next(each.proto for each in app.get("progress") if "epoch" in each.proto.text)
    assert bar.value == 50
    assert "epoch 2 of 3, batch 30 of 60" in bar.text
    assert "about 15 s left" in bar.text
    said = texts(app)
    assert "training accuracy 62.5 % in this epoch so far" in said
    assert "best validation accuracy **50.0 %** in epoch 1" in said


def test_a_failed_run_shows_its_sentence_and_a_way_on(open_page: Opener, lab: Client) -> None:
    in_state(lab.store, RunState.FAILED)
    app = open_page("overview")
    assert "It went wrong" in texts(app)
    assert any(each.label == "Resume" for each in app.button)


def test_finished_runs_say_split_and_epoch_of_their_best(open_page: Opener, lab: Client) -> None:
    run = running(lab.store)
    for number in (1, 2, 3):
        values = {1: 0.4, 2: 0.7, 3: 0.6}
        lab.store.metrics.save_epoch(
            run.id, run.attempt, epoch(number, val_accuracy=values[number])
        )
    lab.store.runs.end(run.id, run.attempt, RunState.FINISHED, reason="done")
    app = open_page("overview")
    assert "best validation accuracy **70.0 %** in epoch 2 of 3" in texts(app)


def test_the_queue_is_reordered_and_emptied_by_its_buttons(open_page: Opener, lab: Client) -> None:
    first, second, third = queued(lab.store, seeds=(1, 2, 3))
    app = open_page("overview")
    app.button(key=f"queue/up/{third.id}").click().run()
    assert [run.seed for run in lab.runs.queue()] == [1, 3, 2]
    app.button(key=f"queue/down/{first.id}").click().run()
    assert [run.seed for run in lab.runs.queue()] == [3, 1, 2]
    app.button(key=f"queue/out/{second.id}").click().run()
    assert [run.seed for run in lab.runs.queue()] == [3, 1]
    assert lab.runs.get(second.id).state is RunState.STOPPED
    assert not app.exception


def test_slots_are_changed_on_the_page(open_page: Opener, lab: Client) -> None:
    app = open_page("overview")
    slots = [each for each in app.number_input if each.key.startswith("slots/")]
    if not slots:
        assert lab.machine.slots().gpus, "a machine without a GPU offers its CPU slots"
        return
    slots[0].set_value(3).run()
    assert lab.machine.slots().cpu_slots == 3


def test_names_are_shown_and_never_obeyed(open_page: Opener, lab: Client) -> None:
    run = in_state(lab.store, RunState.FINISHED)
    lab.runs.rename(run.id, "<b>**loud**</b>")
    app = open_page("overview")
    labels = [each.proto.label for each in app.get("page_link")]
    assert any(r"\<b\>\*\*loud\*\*\<\/b\>" in label for label in labels)


def test_a_killed_supervisor_is_replaced_while_runs_wait(open_page: Opener, lab: Client) -> None:
    killed = lab.machine.ensure_supervisor().pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    until(lambda: lab.machine.supervisor().needs_successor)
    open_page("overview")
    assert lab.machine.supervisor().needs_successor  # nothing to do: nobody is started
    [waiting] = queued(lab.store)
    open_page("run", run=waiting.id)
    until(lambda: lab.machine.supervisor().is_running)
    assert lab.machine.supervisor().pid != killed


def test_a_job_runner_that_does_not_respond_is_replaced_while_runs_wait(
    open_page: Opener, lab: Client
) -> None:
    hung = lab.machine.ensure_supervisor().pid
    assert hung is not None
    os.kill(hung, signal.SIGSTOP)
    file = lab.settings.results / "supervisor.json"
    at = file.stat().st_mtime - 60
    os.utime(file, (at, at))
    assert "not responding" in texts(open_page("overview"))
    [waiting] = queued(lab.store)
    said = texts(open_page("run", run=waiting.id))
    assert "The job runner does not respond and is being replaced." in said
    until(lambda: lab.machine.supervisor().is_running)
    assert lab.machine.supervisor().pid != hung


def test_a_supervisor_ended_on_purpose_stays_away(open_page: Opener, lab: Client) -> None:
    lab.machine.ensure_supervisor()
    lab.machine.stop_supervisor()
    queued(lab.store)
    assert "No job runner active" in texts(open_page("overview"))
    assert not lab.machine.supervisor().is_running


def test_trials_of_searches_are_listed_only_on_request(open_page: Opener, lab: Client) -> None:
    lived_search(lab)
    app = open_page("overview")
    assert "Recent runs" not in texts(app)
    next(each for each in app.toggle if each.key == "trials").set_value(True).run()
    assert not app.exception
    assert "best validation accuracy **75.0 %**" in texts(app)


def test_a_lab_without_searches_has_no_switch_for_their_trials(
    open_page: Opener, lab: Client
) -> None:
    in_state(lab.store, RunState.FINISHED)
    app = open_page("overview")
    assert "Recent runs" in texts(app)
    assert not app.toggle
