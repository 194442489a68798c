"""Programs read codes and kinds. Every sentence can be reworded, and nothing else changes."""

from __future__ import annotations

import ast
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from sqlalchemy.exc import DBAPIError

from core.errors import DatabaseLocked, DiskFull, StoreCode, StoreError, StoreGone
from core.jobs.execute import to_failure
from core.records.runs import EventKind, Failure, RunEvent, RunState
from core.settings import Settings
from core.store import row_reader, states
from core.store.database import sqlite_module, store_error
from core.store.store import Store
from dashboard.shared import test_score
from tests.core.store.lives import running

ROOT = Path(__file__).parents[2]
FILES = [file for room in ("core", "dashboard") for file in sorted((ROOT / room).rglob("*.py"))]
ALLOWED = {
    "core/training/failures.py": "engines raise exceptions without a code",
    "core/store/migrations/versions/0003_event_kinds.py": "it gives stored sentences their kind",
}
HANDLER = """def react():
    try:
        act()
    except OSError as error:
        {}
"""
_SENTENCES = {"reason", "message"}
_READERS = {"startswith", "endswith", "find", "index", "partition", "split", "removeprefix"}
_PATTERNS = {"like", "search", "match", "fullmatch"}


def sentences_read(source: str) -> list[int]:
    """Lines that compare or search the text of an error, an event or a field error."""
    tree = ast.parse(source)
    found: list[int] = []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for scope in functions or [tree]:
        errors, names = _errors_in(scope), set[str]()
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign) and _is_text(node.value, errors, names):
                names |= {each.id for each in node.targets if isinstance(each, ast.Name)}
        found += [
            node.lineno
            for node in ast.walk(scope)
            if isinstance(node, ast.Compare | ast.Call) and _reads(node, errors, names)
        ]
    return sorted(set(found))


def _errors_in(scope: ast.AST) -> set[str]:
    """Names of caught exceptions and of parameters that are exceptions."""
    caught = {
        node.name for node in ast.walk(scope) if isinstance(node, ast.ExceptHandler) and node.name
    }
    given = {
        node.arg
        for node in ast.walk(scope)
        if isinstance(node, ast.arg)
        and node.annotation is not None
        and ast.unparse(node.annotation).endswith(("Error", "Exception"))
    }
    return caught | given


def _is_text(node: ast.AST, errors: set[str], names: set[str]) -> bool:
    """Whether an expression holds the text of an error or of an event."""
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in names:
            return True
        if isinstance(each, ast.Attribute) and each.attr in _SENTENCES:
            return True
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "str" and each.args:
            roots = {part.id for part in ast.walk(each.args[0]) if isinstance(part, ast.Name)}
            if roots & errors:
                return True
    return False


def _reads(node: ast.Compare | ast.Call, errors: set[str], names: set[str]) -> bool:
    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        compared = zip(node.ops, operands, operands[1:], strict=False)
        return any(
            _is_text(right, errors, names)
            if isinstance(op, ast.In | ast.NotIn)
            else isinstance(op, ast.Eq | ast.NotEq)
            and (_is_text(left, errors, names) or _is_text(right, errors, names))
            for op, left, right in compared
        )
    if not isinstance(node.func, ast.Attribute):
        return False
    if node.func.attr in _READERS and _is_text(node.func.value, errors, names):
        return True
    parts = [node.func.value, *node.args]
    return node.func.attr in _PATTERNS and any(_is_text(each, errors, names) for each in parts)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_code_reads_a_sentence(file: Path) -> None:
    found = sentences_read(file.read_text(encoding="utf-8"))
    name = str(file.relative_to(ROOT))
    assert not found or name in ALLOWED, found


def test_what_is_allowed_is_still_needed() -> None:
    reading = {name for name in ALLOWED if (ROOT / name).exists()}
    assert reading == set(ALLOWED)
    assert sentences_read((ROOT / "core/training/failures.py").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "line",
    [
        "if 'full' in str(error): pass",
        "if 'full' in str(error.orig).lower(): pass",
        "text = str(error)\n        if any(word in text for word in WORDS): pass",
        "if event.reason == 'submitted': pass",
        "if event.reason.startswith(('test', 'no test')): pass",
        "if re.search('locked', str(error)): pass",
        "if 'no such field' in wrong.message: pass",
    ],
)
def test_this_test_would_see_one(line: str) -> None:
    assert sentences_read(HANDLER.format(line))


@pytest.mark.parametrize(
    "line", ["log(str(error))", "if word in names: pass", "if held.reason is Hold.OLD: pass"]
)
def test_a_sentence_may_be_shown(line: str) -> None:
    assert not sentences_read(HANDLER.format(line))


REWORDED = "Die Datenbank mag heute nicht."


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    settings = Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / "results")})
    with Store.open(settings) as opened:
        yield opened


def _no_database(folder: Path) -> None:
    (folder / "x.sqlite").write_bytes(b"no database at all" * 100)
    with closing(sqlite_module().connect(folder / "x.sqlite")) as connection:
        connection.execute("SELECT * FROM x")


def _full(folder: Path) -> None:
    with closing(sqlite_module().connect(folder / "x.sqlite")) as connection:
        connection.execute("PRAGMA max_page_count = 2")
        connection.execute("CREATE TABLE x (y)")
        connection.execute("INSERT INTO x VALUES (randomblob(100000))")


def _locked(folder: Path) -> None:
    with (
        closing(sqlite_module().connect(folder / "x.sqlite")) as first,
        closing(sqlite_module().connect(folder / "x.sqlite", timeout=0)) as second,
    ):
        first.execute("BEGIN EXCLUSIVE")
        second.execute("BEGIN EXCLUSIVE")


def _no_folder(folder: Path) -> None:
    sqlite_module().connect(folder / "missing" / "x.sqlite")


def _wrong_query(folder: Path) -> None:
    with closing(sqlite_module().connect(folder / "x.sqlite")) as connection:
        connection.execute("SELECT * FROM x")


@pytest.mark.parametrize(
    ("fail", "kind", "code"),
    [
        (_no_database, StoreGone, StoreCode.DAMAGED),
        (_full, DiskFull, StoreCode.DISK_FULL),
        (_locked, DatabaseLocked, StoreCode.LOCKED),
        (_no_folder, StoreError, StoreCode.CANNOT_OPEN),
        (_wrong_query, StoreError, StoreCode.OTHER),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_words_of_the_database_driver_do_not_matter(
    tmp_path: Path,
    fail: Callable[[Path], None],
    kind: type[StoreError],
    code: StoreCode,
    wrapped: bool,
) -> None:
    with pytest.raises(sqlite_module().Error) as caught:
        fail(tmp_path)
    error: Exception = caught.value
    error.args = (REWORDED,)
    found = store_error(DBAPIError("SELECT", {}, error) if wrapped else error)
    assert (type(found), found.code) == (kind, code)
    assert REWORDED in str(found)


def test_words_of_another_meaning_do_not_matter() -> None:
    found = store_error(sqlite3.OperationalError("the disk is full, locked and malformed"))
    assert (type(found), found.code) == (StoreError, StoreCode.OTHER)


def test_the_words_for_text_that_is_not_utf8_do_not_matter(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = running(store)
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE run_event SET reason = CAST(x'ff' AS TEXT)")
    execute = row_reader._executed

    def reworded(connection: Any, query: Any) -> Any:
        try:
            return execute(connection, query)
        except DBAPIError as error:
            assert error.orig is not None
            error.orig.args = (REWORDED,)
            raise

    monkeypatch.setattr(row_reader, "_executed", reworded)
    assert store.runs.events(run.id) == []
    assert {row.table for row in store.unreadable.list(("run_event",))} == {"run_event"}


def test_the_words_of_a_full_disk_do_not_matter_to_a_runs_failure() -> None:
    assert to_failure(DiskFull(REWORDED), 1).code == "disk_full"
    assert to_failure(StoreError("the disk is full"), 1).code == "store"


def _life(store: Store) -> list[tuple[EventKind, RunState | None, RunState]]:
    """What happened to a run that was lost, resumed, stopped, resumed, evaluated and finished."""
    run = running(store)
    lost = Failure("killed", "It was killed.")
    store.runs.lose(run.id, RunState.RUNNING, attempt=1, failure=lost, max_resumes=3)
    store.runs.request_stop(run.id)
    store.runs.resume(run.id)
    claimed = store.runs.claim_next("cpu")
    assert claimed is not None
    store.runs.note(run.id, "fine-tuning begins after epoch 2")
    store.runs.request_stop(run.id)
    store.runs.end(run.id, claimed.attempt, RunState.FINISHED, reason="finished after 3 epochs")
    for kind in (EventKind.TEST_REQUESTED, EventKind.TEST_FAILED):
        store.runs.note(run.id, kind.value, kind)
    return [(each.kind, each.before, each.after) for each in store.runs.events(run.id)]


def test_the_words_of_events_do_not_matter(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _life(store)
    add, numbers = states.add_event, count()

    def reworded(*arguments: Any, **named: Any) -> None:
        add(*arguments, **(named | {"reason": f"{REWORDED} {next(numbers)}"}))

    monkeypatch.setattr(states, "add_event", reworded)
    monkeypatch.setattr("core.store.runs.add_event", reworded)
    assert _life(store) == before
    assert [kind for kind, _, _ in before] == [
        EventKind.SUBMITTED,
        EventKind.STARTED,
        EventKind.LOST,
        EventKind.AUTO_RESUMED,
        EventKind.STOPPED,
        EventKind.RESUMED,
        EventKind.STARTED,
        EventKind.NOTE,
        EventKind.STOP_REQUESTED,
        EventKind.FINISHED,
        EventKind.TEST_REQUESTED,
        EventKind.TEST_FAILED,
    ]


@pytest.mark.parametrize(
    ("kinds", "pending", "failed"),
    [
        ([], False, False),
        ([EventKind.NOTE], False, False),
        ([EventKind.TEST_REQUESTED], True, False),
        ([EventKind.TEST_REQUESTED, EventKind.NOTE], True, False),
        ([EventKind.TEST_REQUESTED, EventKind.TEST_EVALUATED], False, False),
        ([EventKind.TEST_REQUESTED, EventKind.TEST_FAILED], False, True),
        ([EventKind.TEST_FAILED, EventKind.TEST_REQUESTED, EventKind.TEST_EVALUATED], False, False),
        ([EventKind.TEST_REQUESTED, EventKind.TEST_FAILED, EventKind.TEST_REQUESTED], True, True),
    ],
)
def test_the_words_of_an_evaluation_do_not_matter(
    store: Store, kinds: list[EventKind], pending: bool, failed: bool
) -> None:
    run = running(store)
    for kind in kinds:
        store.runs.note(run.id, REWORDED, kind)
    events: list[RunEvent] = store.runs.events(run.id)
    assert f"run/test/asked/{run.id}" not in st.session_state
    assert test_score.is_pending(run, events) is pending
    assert (test_score.last_failure(events) == REWORDED) is failed
