"""A trainer that cannot store how it ended says why by its exit code; people read a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.jobs.exits import SENTENCES, TrainerExit
from core.jobs.watch import Watch
from core.records.runs import RunState
from core.settings import PROJECT_ROOT
from core.store.database import sqlite_module
from tests.core.jobs.lab import Lab, until

FULL = """
import sys
if "core.jobs.execute" in sys.orig_argv:
    from sqlalchemy import Engine, event

    @event.listens_for(Engine, "connect")
    def limit(connection, _):
        # SQLite then answers as it does on a full disk, and its files stay as large as they are.
        connection.execute("PRAGMA max_page_count = 1")
"""


def test_every_end_without_a_verdict_has_a_sentence() -> None:
    stored = {TrainerExit.VERDICT, TrainerExit.STALE}
    assert set(SENTENCES) == set(TrainerExit) - stored


@pytest.mark.processes
def test_a_full_disk_is_named_in_the_runs_events(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(FULL)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'site'}:{PROJECT_ROOT}")
    run = lab.submit_broken()
    connection = sqlite_module().connect(lab.settings.results / "convscope.sqlite")
    connection.execute("VACUUM")  # no free pages
    connection.close()
    watch = Watch(lab.settings, lab.store)

    def is_lost() -> bool:
        watch.poll()
        return any(event.after is RunState.LOST for event in lab.store.runs.events(run.id))

    until(is_lost)
    [reason, *_] = [e.reason for e in lab.store.runs.events(run.id) if e.after is RunState.LOST]
    assert reason == SENTENCES[TrainerExit.DISK_FULL]
    assert "disk is full" in reason
