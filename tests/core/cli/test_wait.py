"""Promise: a line of progress shows the numbers of the phase at work, and of no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.cli.wait import progress_line
from core.client import Client
from core.records.phases import Phase
from core.records.runs import Progress
from core.settings import Settings
from tests.core.store.lives import running


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
    assert shown.endswith(f", {phase}")
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
