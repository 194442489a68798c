"""A database that holds more than the lab's own tables and indexes is refused and left alone."""

from __future__ import annotations

import sqlite3

import pytest

from core.errors import StoreError
from core.settings import Settings
from core.store.store import Store

LATER = (
    "CREATE TRIGGER later AFTER UPDATE ON revision BEGIN UPDATE run SET state = 'queued'; END",
)
OBJECTS = {
    "later": LATER,
    "look": ("CREATE VIEW look AS SELECT * FROM run",),
    "songs": ("CREATE TABLE songs (title TEXT)",),
    "by_notes": ("CREATE INDEX by_notes ON run (notes)",),
    "trial": ("DROP TABLE trial", "CREATE VIRTUAL TABLE trial USING fts5(key)"),
    "artifact": ("DROP TABLE artifact", "CREATE VIEW artifact AS SELECT * FROM run"),
}


def execute(settings: Settings, *statements: str) -> None:
    connection = sqlite3.connect(settings.results / "convscope.sqlite", isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_that_is_not_the_labs_is_refused_by_name(name: str, settings: Settings) -> None:
    Store.open(settings).close()
    execute(settings, *OBJECTS[name])
    before = (settings.results / "convscope.sqlite").read_bytes()
    with pytest.raises(StoreError, match=f"'{name}'") as caught:
        Store.open(settings)
    assert "\n" not in str(caught.value)
    assert (settings.results / "convscope.sqlite").read_bytes() == before


def test_it_is_refused_before_an_older_schema_is_migrated(settings: Settings) -> None:
    Store.open(settings).close()
    execute(settings, "UPDATE alembic_version SET version_num = '0001'", *LATER)
    with pytest.raises(StoreError, match="'later'"):
        Store.open(settings)


def test_statistics_of_sqlites_own_are_no_foreign_objects(settings: Settings) -> None:
    Store.open(settings).close()
    execute(settings, "ANALYZE")
    Store.open(settings).close()


def test_no_connection_trusts_functions_that_a_schema_names(settings: Settings) -> None:
    with Store.open(settings) as store, store.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA trusted_schema").scalar_one() == 0
