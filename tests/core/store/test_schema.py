"""A database is made, migrated or refused; never half-way, and by one process at a time."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.errors import StoreError
from core.records.runs import EventKind
from core.settings import PROJECT_ROOT, Settings
from core.spec import Experiment
from core.store import tables
from core.store.database import sqlite_module, warn_about_old_sqlite
from core.store.schema import MIGRATIONS, REVISIONS
from core.store.store import Store
from tests.core.store.lives import queued

OPEN = "from core.settings import Settings; from core.store.store import Store; import sys; "


OLD = "abc" + "0" * 29
CONFIG = json.dumps(Experiment().to_dict())
FIRST_VERSION = [
    "INSERT INTO run (id, name, state, attempt, dataset, seed, digest, config, group_id, "
    "queue_position, epochs, epochs_done, created_at, auto_resumes, archived, tags, notes) VALUES "
    f"('{OLD}', 'old', 'finished', 1, 'digits', 1, 'd', '{CONFIG}', '{OLD}', 1, 1, 1, "
    "'2026-01-01 00:00:00', 0, 0, '[]', '')",
    "INSERT INTO metric (run_id, epoch, split, name, value, seconds, images) "
    f"VALUES ('{OLD}', 1, 'train', 'loss', 0.5, 1, 1)",
]
"""A run and its curve as the first version wrote them."""


def database_file(settings: Settings) -> Path:
    settings.results.mkdir(parents=True)
    return settings.results / "convscope.sqlite"


def test_the_migrations_lead_to_the_tables_of_the_code(store: Store) -> None:
    with store.database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_the_known_revisions_are_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    found = [each.revision for each in script.walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS


def test_an_empty_file_becomes_a_database(settings: Settings) -> None:
    database_file(settings).touch()
    with Store.open(settings) as store:
        assert len(queued(store)) == 1


def test_opening_again_is_quick_and_loads_no_migration_code(settings: Settings) -> None:
    Store.open(settings).close()
    started = time.process_time()  # of this process alone, whatever else the machine does
    with Store.open(settings) as store:
        assert store.runs.list() == []
    assert time.process_time() - started < 0.25
    program = OPEN + "Store.open(Settings.from_environment()); sys.exit('alembic' in sys.modules)"
    assert opener(settings, program).wait() == 0


def test_several_processes_open_a_new_database_at_once(settings: Settings) -> None:
    program = OPEN + "print(Store.open(Settings.from_environment()).revision())"
    processes = [opener(settings, program) for _ in range(5)]
    answers = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * 5
    assert answers == [b"0\n"] * 5
    with Store.open(settings) as store, store.database.read() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar_one()
        assert mode == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 30_000


def test_a_database_of_the_first_version_keeps_its_runs_and_curves(settings: Settings) -> None:
    database_file(settings)
    old = at_revision(settings, "0001")
    with old.database.write(visible=False) as connection:
        for statement in FIRST_VERSION:
            connection.exec_driver_sql(statement)
    old.close()
    with Store.open(settings) as store:
        run = store.runs.get(OLD)
        assert (run.epochs, run.search_id, run.trial_number, run.promoted) == (1, None, None, False)
        assert [metric.value for metric in store.metrics.list([OLD])] == [0.5]
        assert store.searches.list() == []


EVENTS_OF_0002 = [
    (None, "queued", "submitted", EventKind.SUBMITTED),
    ("queued", "running", "started on cpu", EventKind.STARTED),
    ("running", "running", "goes on from run 0123abcd", EventKind.CONTINUED),
    (
        "running",
        "running",
        "the checkpoints of run 0123abcd are gone: training starts anew",
        EventKind.CHECKPOINT_MISSING,
    ),
    ("running", "running", "fine-tuning begins after epoch 2", EventKind.NOTE),
    ("running", "lost", "The trainer's process disappeared.", EventKind.LOST),
    ("lost", "queued", "resumed by itself (1 of 3)", EventKind.AUTO_RESUMED),
    ("running", "stopping", "stop requested", EventKind.STOP_REQUESTED),
    ("stopping", "stopped", "test accuracy was not what stopped it", EventKind.STOPPED),
    ("stopped", "queued", "resumed", EventKind.RESUMED),
    ("running", "failed", "no test score: a failure's own words", EventKind.FAILED),
    ("running", "finished", "finished after 3 epochs", EventKind.FINISHED),
    (None, "finished", "rebuilt from the run's folder", EventKind.REBUILT),
    ("finished", "finished", "test score requested", EventKind.TEST_REQUESTED),
    ("finished", "finished", "no test score: a file is missing", EventKind.TEST_FAILED),
    ("finished", "finished", "test accuracy 0.9123 at epoch 3", EventKind.TEST_EVALUATED),
    ("x", b"\xff", b"\xff", EventKind.NOTE),
]
"""Every event that the version with schema 0002 wrote, and a row that it cannot have written."""


def test_events_of_the_second_version_get_their_kind(settings: Settings) -> None:
    database_file(settings)
    old = at_revision(settings, "0002")
    with old.database.write(visible=False) as connection:
        connection.exec_driver_sql(FIRST_VERSION[0])
        for before, after, reason, _ in EVENTS_OF_0002:
            connection.exec_driver_sql(
                "INSERT INTO run_event (run_id, at, attempt, before, after, reason) "
                "VALUES (?, '2026-01-01 00:00:00', 1, ?, ?, ?)",
                (OLD, before, after, reason),
            )
    old.close()
    with Store.open(settings) as store:
        with store.database.read() as connection:
            kinds = connection.exec_driver_sql("SELECT kind FROM run_event ORDER BY id").scalars()
            assert list(kinds) == [kind for *_, kind in EVENTS_OF_0002]
        assert [event.kind for event in store.runs.events(OLD)] == [
            kind for *_, kind in EVENTS_OF_0002[:-1]
        ]


def at_revision(settings: Settings, revision: str) -> Store:
    """A store whose database an older version made."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    old = Store(settings.database_url)
    with old.database.write(visible=False) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    return old


def test_a_newer_database_is_refused(settings: Settings) -> None:
    with Store.open(settings) as store, store.database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer Convscope"):
        Store.open(settings)


def test_another_programs_database_is_left_alone(settings: Settings) -> None:
    file = database_file(settings)
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.commit()
    connection.close()
    before = file.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store.open(settings)
    assert file.read_bytes() == before


def test_what_is_no_database_is_refused_in_one_sentence(settings: Settings) -> None:
    file = database_file(settings)
    file.write_bytes(b"this is a text file, and long enough to be read as one. " * 40)
    with pytest.raises(StoreError, match="no SQLite database") as caught:
        Store.open(settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("url", ["nonsense", "nosuch://x", "sqlite:////nowhere/at/all.sqlite"])
def test_an_address_that_cannot_be_used_is_refused(tmp_path: Path, url: str) -> None:
    environment = {"CONVSCOPE_RESULTS": str(tmp_path), "CONVSCOPE_DATABASE_URL": url}
    with pytest.raises(StoreError, match="CONVSCOPE_DATABASE_URL"):
        Store.open(Settings.from_environment(environment))


def test_a_results_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="CONVSCOPE_RESULTS"):
        Store.open(Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / "file" / "r")}))


def test_an_old_sqlite_is_named_and_a_new_one_is_not(caplog: pytest.LogCaptureFixture) -> None:
    warn_about_old_sqlite()
    is_old = (3, 7, 0) <= sqlite_module().sqlite_version_info <= (3, 51, 2)
    assert ("WAL-reset" in caplog.text) is is_old


def opener(settings: Settings, program: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=PROJECT_ROOT,
        env=settings.to_environment(),
        stdout=subprocess.PIPE,
    )
