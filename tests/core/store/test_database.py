"""Opening makes a new database only where no runs are, and refuses a damaged one soon."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from core.errors import StoreCode, StoreError, StoreGone
from core.settings import PROJECT_ROOT, Settings
from core.store.store import Store
from tests.core.store.lives import queued
from tests.core.store.losses import KEEPS_OPEN, deleted, deleted_with_its_journal, emptied

RUN_ID = "0123456789abcdef" * 2


@pytest.mark.parametrize("lose", [deleted, deleted_with_its_journal, emptied])
def test_no_new_database_is_made_beside_runs(
    settings: Settings, lose: Callable[[Settings], None]
) -> None:
    with Store.open(settings) as store:
        queued(store)
    settings.run_folder(RUN_ID).mkdir(parents=True)
    lose(settings)
    files = {each.name: each.stat().st_size for each in settings.results.glob("convscope*")}
    started = time.perf_counter()
    with pytest.raises(StoreGone, match="convscope store rebuild") as caught:
        Store.open(settings)
    assert time.perf_counter() - started < 1
    assert caught.value.code in {StoreCode.MISSING, StoreCode.DAMAGED}
    assert {each.name: each.stat().st_size for each in settings.results.glob("convscope*")} == files


def test_a_results_folder_whose_runs_folder_is_empty_gets_a_new_database(
    settings: Settings,
) -> None:
    settings.runs.mkdir(parents=True)
    (settings.runs / "notes of mine").mkdir()
    with Store.open(settings) as store:
        assert store.runs.list() == []


def test_an_emptied_database_that_a_process_holds_open_is_refused_soon(settings: Settings) -> None:
    """It was a traceback after 33 s, as the other process does not let go of its lock."""
    Store.open(settings).close()
    with subprocess.Popen(
        [sys.executable, "-c", KEEPS_OPEN],
        cwd=PROJECT_ROOT,
        env=settings.to_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        other.stdout.readline()
        emptied(settings)
        started = time.perf_counter()
        with pytest.raises(StoreError, match="another process has its file open"):
            Store.open(settings)
        assert time.perf_counter() - started < 10
        other.stdin.close()
