"""Rows of a query as records: one that cannot be read is left out and stops no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select
from sqlalchemy.exc import DBAPIError

from core.store.checks import UnreadableValue

T = TypeVar("T")
_log = logging.getLogger(__name__)


def read_rows(
    connection: Connection, query: Select[Any], build: Callable[[RowMapping], T]
) -> list[T]:
    """A record of each row that can be read, in the query's order.

    ``build`` raises UnreadableValue for a row that cannot be one; `Unreadable.unreadable` lists
    those.
    """
    found = []
    for row in fetch(connection, query):
        try:
            found.append(build(row))
        except UnreadableValue as error:
            _log.debug("A row is left out: %s", error)
    return found


def fetch(connection: Connection, query: Select[Any]) -> Sequence[RowMapping]:
    """All rows of a query as they are stored: text that is not UTF-8 comes as bytes."""
    try:
        return connection.execute(query).mappings().all()
    except DBAPIError as error:
        # The driver has no code for it.
        if "decode to UTF-8" not in str(error.orig):
            raise
    driver: Any = connection.connection.driver_connection
    before = driver.text_factory
    # Only now: a function of ours for each text would cost a tenth of every reading.
    driver.text_factory = _text_or_bytes
    try:
        return connection.execute(query).mappings().all()
    finally:
        driver.text_factory = before


def _text_or_bytes(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
