"""Reads rows of a query. Rows that cannot be read are left out; the others are returned."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Row, Select
from sqlalchemy.exc import DBAPIError

from core.store.checks import Holds, check_row
from core.store.database import result_code

T = TypeVar("T")
Columns = dict[str, Sequence[Any]]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shape(Generic[T]):
    """The checks of a row's columns, and the function that makes a record of a row."""

    checks: Mapping[str, Holds]
    build: Callable[[Mapping[str, Any]], T]

    def read(self, row: Mapping[str, Any]) -> T:
        """The record of one row. Raises UnreadableValue."""
        check_row(row, self.checks)
        return self.build(row)


def read_rows(connection: Connection, query: Select[Any], shape: Shape[T]) -> list[T]:
    """A record of each row that can be read, in the query's order.

    `UnreadableStore.list` lists the others.
    """
    names, rows = _rows(connection, query)
    readable = _readable(names, rows, shape.checks)
    build = shape.build
    # A mapping of SQLAlchemy's is four times as slow to look into as a dict.
    return [build(dict(zip(names, row, strict=True))) for row in compress(rows, readable)]


def read_columns(
    connection: Connection, query: Select[Any], checks: Mapping[str, Holds]
) -> Columns:
    """The same as columns, for hundreds of thousands of rows."""
    names, rows = _rows(connection, query)
    kept = list(compress(rows, _readable(names, rows, checks)))
    columns = zip(*kept, strict=True) if kept else (() for _ in names)
    return dict(zip(names, columns, strict=True))


def _readable(
    names: Sequence[str], rows: Sequence[Row[Any]], checks: Mapping[str, Holds]
) -> list[bool]:
    """For each row, whether all of its columns pass their checks."""
    readable = [True] * len(rows)
    # A column at a time: that is half the work of a row at a time.
    for name, values in zip(names, zip(*rows, strict=True), strict=bool(rows)):
        holds = checks.get(name)
        if holds is None or all(map(holds, values)):
            continue
        readable = [so_far and holds(value) for so_far, value in zip(readable, values, strict=True)]
        _log.debug("%d rows are left out for their column %s", readable.count(False), name)
    return readable


def fetch(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    """All rows of a query, by column; text that is not UTF-8 comes as bytes."""
    names, rows = _rows(connection, query)
    return [dict(zip(names, row, strict=True)) for row in rows]


def _rows(connection: Connection, query: Select[Any]) -> tuple[list[str], Sequence[Row[Any]]]:
    try:
        return _executed(connection, query)
    except DBAPIError as error:
        # Text that is not UTF-8 is an error of SQLite's driver: all of SQLite's own have a code.
        if connection.dialect.name != "sqlite" or result_code(error) is not None:
            raise
    driver: Any = connection.connection.driver_connection
    before = driver.text_factory
    # Only now: a function of ours for each text would cost a tenth of every reading.
    driver.text_factory = _text_or_bytes
    try:
        return _executed(connection, query)
    finally:
        driver.text_factory = before


def _executed(connection: Connection, query: Select[Any]) -> tuple[list[str], Sequence[Row[Any]]]:
    result = connection.execute(query)
    return list(result.keys()), result.all()


def _text_or_bytes(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
