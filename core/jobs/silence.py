"""How long trainers and controllers have sent no heartbeat, while they could.

A heartbeat is a write to the database. While another program locks the database, or the disk is
full, nobody can send one. So only time in which writes are possible counts, and after a time
without writes every count starts at zero.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from typing import Generic, TypeVar

PROBE_AFTER_S = 5.0
"""Writes are probed after this long: trainers send heartbeats every 2 s, controllers every 5 s."""
PROBE_EVERY_S = 0.5
LONGEST_GAP_S = 5.0
"""Updates are a second apart. In a longer gap the supervisor itself was blocked."""

Key = TypeVar("Key", bound=Hashable)


class Silence(Generic[Key]):
    """Counts seconds without a heartbeat, by this process' clock."""

    def __init__(self, takes_writes: Callable[[], bool]) -> None:
        self._takes_writes = takes_writes
        self._heartbeats: dict[Key, datetime | None] = {}
        self._silent_s: dict[Key, float] = {}
        self._updated_at = self._probed_at = float("-inf")
        self._is_blocked = False

    def update(
        self,
        heartbeats: Mapping[Key, datetime | None],
        *,
        probe_after_s: float = PROBE_AFTER_S,
        now: float | None = None,
    ) -> dict[Key, float]:
        """Seconds without a heartbeat per process, given the heartbeats that are stored now.

        Forgets keys that are not in ``heartbeats``. ``now``: seconds of a monotonic clock, by
        default this process'.
        """
        now = time.monotonic() if now is None else now
        gap = now - self._updated_at
        counted = gap if gap <= LONGEST_GAP_S else 0.0
        self._silent_s = {
            key: self._silent_s[key] + counted if self._is_same(key, beat) else 0.0
            for key, beat in heartbeats.items()
        }
        self._heartbeats, self._updated_at = dict(heartbeats), now
        if self._is_blocked or max(self._silent_s.values(), default=0.0) > probe_after_s:
            self._probe(now)
        if self._is_blocked:
            self._silent_s = dict.fromkeys(self._silent_s, 0.0)
        return dict(self._silent_s)

    def _is_same(self, key: Key, heartbeat: datetime | None) -> bool:
        return key in self._heartbeats and self._heartbeats[key] == heartbeat

    def _probe(self, now: float) -> None:
        if now - self._probed_at >= PROBE_EVERY_S:
            self._is_blocked, self._probed_at = not self._takes_writes(), now
