"""Two SQLite libraries at work on one file in one process are warned about, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import PROJECT_ROOT, Settings
from core.store.database import sqlite_module
from core.store.store import Store

pytestmark = pytest.mark.skipif(
    sqlite_module().__name__.startswith("sqlite3"), reason="the lab uses Python's own SQLite here"
)

BEGIN = """
import sqlite3, os
from core.client import Client
client = Client()
file = client.settings.results / "convscope.sqlite"
"""
CASES = {
    "after the lab": ("client.runs.list(); sqlite3.connect(file)", 1),
    "before the lab": ("connection = sqlite3.connect(file); client.runs.list()", 1),
    "no more when the lab begins": ("sqlite3.connect(file).close(); client.runs.list()", 0),
    "by an address": (
        "client.runs.list(); sqlite3.connect(f'{file.as_uri()}?mode=ro', uri=True)",
        1,
    ),
    "by its class": ("client.runs.list(); sqlite3.Connection(os.path.relpath(file))", 1),
    "twice": (
        "client.runs.list(); sqlite3.connect(file); sqlite3.connect(file); client.runs.list()",
        1,
    ),
    "another file": ("client.runs.list(); sqlite3.connect(file.with_name('mine.sqlite'))", 0),
    "in memory": ("client.runs.list(); sqlite3.connect(':memory:')", 0),
    "imports alone": ("client.runs.list(); import alembic, pandas, IPython.core.history", 0),
    "two clients": (
        "client.runs.list(); Client().runs.list(); client.close(); client.runs.list()",
        0,
    ),
    "a store beside the client": (
        "from core.store.store import Store; s = Store.open(client.settings); client.runs.list()",
        0,
    ),
    "a lab that is not open": ("sqlite3.connect(':memory:')", 0),
}


@pytest.mark.parametrize(("program", "count"), CASES.values(), ids=CASES)
def test_only_a_connection_to_the_labs_own_file_is_warned_about(
    tmp_path: Path, program: str, count: int
) -> None:
    if "IPython" in program and not _has_ipython():
        program = program.replace(", IPython.core.history", "")
    environment = os.environ | {"CONVSCOPE_RESULTS": str(tmp_path / "results")}
    Store.open(Settings.from_environment(environment)).close()
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", BEGIN + program],
        cwd=PROJECT_ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr.count("RuntimeWarning: Another SQLite library") == count


def _has_ipython() -> bool:
    from importlib.util import find_spec

    return find_spec("IPython") is not None
