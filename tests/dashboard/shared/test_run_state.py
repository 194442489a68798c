"""Promise: the time left of a run is one that can be kept, or is said not to be known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.client import Client
from core.records.phases import Phase
from core.records.runs import Progress, Run
from dashboard.shared import run_state
from tests.core.store.lives import running


@pytest.fixture
def tuned(lab: Client) -> Run:
    """Three epochs of the head and two of fine-tuning."""
    run = running(lab.store)
    training = run.config["training"] | {"epochs": 3, "fine_tuning": {"epochs": 2}}
    return replace(run, epochs=5, config=run.config | {"training": training})


def _at(run: Run, epoch: int, phase: Phase, seconds: float | None) -> str:
    progress = Progress(phase, epoch, 5, 10, seconds_per_epoch=seconds)
    return run_state.eta(replace(run, epochs_done=epoch - 1, progress=progress))


def test_the_first_phase_promises_its_own_end_only(tuned: Run) -> None:
    assert _at(tuned, 2, Phase.TRAINING, 10.0) == ("about 15 s until fine-tuning starts (2 epochs)")


def test_the_second_phase_promises_the_end_by_its_own_epochs(tuned: Run) -> None:
    assert _at(tuned, 4, Phase.FINE_TUNING, None) == "time left not known yet"
    assert _at(tuned, 4, Phase.FINE_TUNING, 100.0) == "about 2 min 30 s left"


def test_a_run_of_one_phase_promises_its_end(lab: Client) -> None:
    run = running(lab.store)
    assert _at(run, 2, Phase.TRAINING, 10.0) == "about 15 s left"


@pytest.mark.parametrize("phase", [Phase.VALIDATING, Phase.SAVING])
def test_once_its_batches_are_done_an_epoch_counts_whole(lab: Client, phase: Phase) -> None:
    # The last report of the batches: a trainer reports about once a second, not every batch.
    progress = Progress(phase, epoch=2, batch=5, num_batches=10)
    run = replace(running(lab.store), epochs=4, epochs_done=1, progress=progress)
    assert run_state.fraction(run) == 0.5
    assert "of 10" not in run_state.doing(run)
