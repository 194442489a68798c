"""Rows that cannot be read: lists them with a reason, and deletes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Column, Connection, Integer, Table, delete, literal_column, select, update

from core.records.runs import UnreadableRow
from core.settings import is_id
from core.store import tables
from core.store.checks import (
    ARTIFACT,
    EVENT,
    METRIC,
    RUN,
    SEARCH,
    SETTING,
    TRIAL,
    Holds,
    UnreadableValue,
    check_row,
)
from core.store.database import Database
from core.store.row_reader import fetch
from core.text import printable, shorten

_CHECKS: dict[str, tuple[Table, Mapping[str, Holds]]] = {
    "run": (tables.run, RUN),
    "search": (tables.search, SEARCH),
    "trial": (tables.trial, TRIAL),
    "artifact": (tables.artifact, ARTIFACT),
    "run_event": (tables.run_event, EVENT),
    "setting": (tables.setting, SETTING),
    "metric": (tables.metric, METRIC),
}
ENTRIES = ("run", "search", "trial", "artifact", "setting")
"""Tables of few rows, read in milliseconds. Curves and events may have hundreds of thousands."""
EVERYTHING = tuple(_CHECKS)
_NAMES = ("name", "id", "path", "key")
_PLACE = "place"
_CHUNK = 20_000


class UnreadableStore:
    """Lists and deletes rows that Convscope cannot have written."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def delete(self, rows: Iterable[UnreadableRow]) -> list[UnreadableRow]:
        """Delete these rows, and what belongs to them, unless they can be read now.

        Returns the deleted ones; the caller deletes folders.
        """
        with self._database.write() as connection:
            return [row for row in rows if _delete(connection, row)]

    def list(self, names: Sequence[str] = ENTRIES) -> list[UnreadableRow]:
        """Unreadable rows of these tables. Always empty for other databases: they check types."""
        if self._database.engine.dialect.name != "sqlite":
            return []
        with self._database.read() as connection:
            return list(chain.from_iterable(_unreadable(connection, name) for name in names))


def _unreadable(connection: Connection, name: str) -> Iterable[UnreadableRow]:
    table, checks = _CHECKS[name]
    place, last = _place_of(table), -(2**63)
    while True:
        query = select(place.label(_PLACE), *table.c).select_from(table).where(place > last)
        rows = fetch(connection, query.order_by(place).limit(_CHUNK))
        yield from (found for row in rows if (found := _wrong(name, row, checks)))
        if len(rows) < _CHUNK:
            return
        last = rows[-1][_PLACE]


def _wrong(name: str, row: Mapping[str, Any], checks: Mapping[str, Holds]) -> UnreadableRow | None:
    try:
        check_row(row, checks)
    except UnreadableValue as error:
        run_id = row["id"] if name in ("run", "search") and is_id(row["id"]) else None
        return UnreadableRow(name, row[_PLACE], str(error), _label(row), run_id)
    return None


def _label(row: Mapping[str, Any]) -> str:
    """A name or id that people may recognise, with control characters escaped."""
    known = (row[name] for name in _NAMES if name in row)
    text = next((each for each in known if isinstance(each, str | bytes) and each), "")
    readable = text.decode(errors="replace") if isinstance(text, bytes) else text
    return shorten(printable(readable), 40)


def _delete(connection: Connection, row: UnreadableRow) -> bool:
    # The place may be another row's now: readable rows are never deleted.
    table, checks = _CHECKS[row.table]
    place = _place_of(table)
    query = select(place.label(_PLACE), *table.c).select_from(table).where(place == row.place)
    if not any(_wrong(row.table, each, checks) for each in fetch(connection, query)):
        return False
    if row.table == "search" and row.entry_id is not None:
        mine = tables.run.c.search_id == row.entry_id
        free = {"search_id": None, "trial_number": None}
        connection.execute(update(tables.run).where(mine).values(**free))
    connection.execute(delete(table).where(place == row.place))
    return True


def _place_of(table: Table) -> Column[int]:
    """SQLite's own number of a row: the only key that an unreadable row is sure to have."""
    return literal_column(f"{table.name}.rowid", Integer)  # type: ignore[return-value]
