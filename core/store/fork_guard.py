"""Stores and `os.fork`: a child must begin without any of its parent's SQLite connections.

SQLite keeps in the process' memory which file locks it holds. A fork copies that memory and not the
locks, so a child with an inherited connection, and also with a new one beside it, believes that it
holds locks which it does not: others then delete the journal under it. Leaving the inherited
connections untouched (SQLAlchemy's ``dispose(close=False)``) does not help. So all connections are
closed before the fork; parent and child each open new ones when they need them.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakSet

from sqlalchemy import Engine

from core.errors import StoreError
from core.store.database_file import path_of

WAIT_S = 5.0
"""A fork waits so long for transactions of other threads."""


class ForkGuard:
    """Every engine of this process, and which of its threads are in a transaction."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._running: Counter[int] = Counter()
        self._engines: WeakSet[Engine] = WeakSet()
        self._is_forking = False
        self._is_unusable = False

    def add(self, engine: Engine) -> None:
        """Close this engine's connections before each fork."""
        self._engines.add(engine)

    def knows(self, path: Path) -> bool:
        """Whether a store of this process works on this file."""
        return any(path_of(engine.url) == path for engine in list(self._engines))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction of this thread. It does not begin while the process is being forked.

        Raises StoreError in a child that was forked in the middle of one.
        """
        if self._is_unusable:
            raise StoreError(
                "This process was forked in the middle of a transaction, so the database cannot be "
                "used here. Start it with multiprocessing's 'spawn' method instead."
            )
        thread, condition = threading.get_ident(), self._condition
        with condition:
            # A transaction inside another one must not wait for the fork that waits for it.
            condition.wait_for(lambda: not self._is_forking or self._running[thread])
            self._running[thread] += 1
        try:
            yield
        finally:
            with condition:
                self._running[thread] -= 1
                if not self._running[thread]:
                    del self._running[thread]
                condition.notify_all()

    def before(self) -> None:
        """Wait for the transactions of other threads, and close every connection."""
        me = threading.get_ident()
        with self._condition:
            self._is_forking = True
            self._condition.wait_for(lambda: not set(self._running) - {me}, WAIT_S)
        for engine in list(self._engines):
            engine.dispose()

    def after_in_parent(self) -> None:
        """Let the transactions that waited begin."""
        with self._condition:
            self._is_forking = False
            self._condition.notify_all()

    def after_in_child(self) -> None:
        """Start without the parent's other threads: what they held is never released here."""
        self._is_unusable = self._is_unusable or bool(self._running)
        self._condition = threading.Condition()
        self._running = Counter()
        self._is_forking = False


GUARD = ForkGuard()
"""One for the process, as a fork concerns all stores that are open in it."""

if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(
        before=GUARD.before,
        after_in_parent=GUARD.after_in_parent,
        after_in_child=GUARD.after_in_child,
    )
