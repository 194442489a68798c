"""Progress: one line per change in a pipe, bars on a terminal, with the numbers of the phase."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.cli.progress import progress_line, run_progress, search_progress
from core.client import Client
from core.records.phases import Phase
from core.records.runs import Progress
from core.settings import PROJECT_ROOT, Settings
from tests.core.cli.conftest import AtTerminal
from tests.core.client.searching import lived_search
from tests.core.store.lives import running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A lab for each test: its runs are claimed in the order in which they are queued."""
    return Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / "results")})


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, **settings.to_environment(), "PYTHONPATH": str(PROJECT_ROOT)}


def line(settings: Settings, progress: Progress, **columns: int) -> str:
    client = Client(settings)
    try:
        return progress_line(replace(running(client.store), progress=progress, **columns))
    finally:
        client.close()


@pytest.mark.parametrize("phase", [each for each in Phase if not each.is_training])
def test_batches_are_not_shown_in_a_phase_that_has_none(settings: Settings, phase: Phase) -> None:
    # The last report of the epoch: a trainer reports about once a second, not every batch.
    shown = line(settings, Progress(phase, epoch=5, batch=20, num_batches=21), epochs_done=5)
    assert shown.endswith(f", {phase.label}")
    assert "20/21" not in shown


@pytest.mark.parametrize("phase", [each for each in Phase if each.is_training])
def test_batches_are_shown_while_a_phase_goes_through_them(
    settings: Settings, phase: Phase
) -> None:
    shown = line(settings, Progress(phase, epoch=5, batch=20, num_batches=21), epochs_done=4)
    assert shown.endswith(f", {phase} 20/21")


def test_a_phase_that_knows_its_share_shows_it(settings: Settings) -> None:
    progress = Progress(Phase.COMPUTING_FEATURES, batch=20, num_batches=21, fraction=0.4)
    assert line(settings, progress).endswith(", computing features 40 %")


PREPARE = """
from dataclasses import replace
from core.cli.progress import run_progress, search_progress
from core.client import Client
from core.records.phases import Phase
from core.records.runs import Progress, RunState
from tests.core.client.searching import lived_search
from tests.core.store.lives import queued, running

client = Client()
"""
RUNS = """
progress = Progress(Phase.TRAINING, epoch=1, batch=20, num_batches=21)
trains = replace(running(client.store), name="[red]hostile[/red]", progress=progress)
waits = [replace(each, name="waits") for each in queued(client.store, seeds=(7, 8))]
with run_progress() as show:
    show([trains, *waits])
    show([replace(trains, epochs_done=1, progress=None), *waits])
    show([replace(trains, epochs_done=3, state=RunState.FINISHED), *waits])
"""
SEARCH = """
found, trials = lived_search(client, name="a search")
with search_progress() as show:
    show(found, trials[:2])
    show(found, trials)
"""


def test_bars_on_a_terminal_show_what_trains(at_terminal: AtTerminal) -> None:
    shown = at_terminal([sys.executable, "-c", PREPARE + RUNS], columns=150)
    assert shown.code == 0, shown.text
    assert "[red]hostile[/red] (seed 1)" in shown.text
    assert "running, epoch 0/3, training 20/21" in shown.text
    assert "all runs" in shown.text
    assert "1/3 ended" in shown.text
    assert "waits" not in shown.text
    # The cursor is hidden while bars are redrawn, and shown again.
    assert shown.raw.rindex("\x1b[?25h") > shown.raw.rindex("\x1b[?25l")


def test_a_single_run_has_its_bar_while_it_waits(at_terminal: AtTerminal) -> None:
    script = "with run_progress() as show:\n    show(queued(client.store))\n"
    shown = at_terminal([sys.executable, "-c", PREPARE + script])
    assert "small (seed 1)" in shown.text
    assert "queued" in shown.text


def test_a_search_on_a_terminal_has_a_line_per_trial_and_one_bar(at_terminal: AtTerminal) -> None:
    shown = at_terminal([sys.executable, "-c", PREPARE + SEARCH], columns=60)
    assert shown.code == 0, shown.text
    for number, score in ((1, 0.5), (2, 0.75), (3, 0.625)):
        line = f"trial {number} of 4 completed, score {score:.4f}: dropout"
        assert shown.text.replace("\n", "").count(line) == 1
    assert "a search" in shown.text
    assert "3/4 trials" in shown.text


def test_a_pipe_gets_a_line_whenever_a_state_or_an_epoch_changes(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Client(settings)
    run = replace(running(client.store), name="[red]\x1b[2J")
    client.close()
    with run_progress() as show:
        for epochs_done in (0, 0, 1, 1):
            show([replace(run, epochs_done=epochs_done)])
    assert capsys.readouterr().err.splitlines() == [
        "[red]\\x1b[2J (seed 1): running, epoch 0/3",
        "[red]\\x1b[2J (seed 1): running, epoch 1/3",
    ]


def test_a_pipe_gets_a_line_per_trial(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    client = Client(settings)
    found, trials = lived_search(client, name="in a pipe")
    client.close()
    with search_progress() as show:
        for count in (1, 1, 3):
            show(found, trials[:count])
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "trial 1 of 4 completed, score 0.5000",
        "trial 2 of 4 completed, score 0.7500",
        "trial 3 of 4 completed, score 0.6250",
    ]
