"""How long trainers and controllers have been silent, by what a supervisor could see.

A heartbeat is a write to the database. While another program keeps the database locked, or the
disk is full, none arrives, and a process that works looks like one that hangs. So only time
during which writes were possible counts, and after time without writes every count begins again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from datetime import datetime
from typing import Generic, TypeVar

PROBE_AFTER_S = 5.0
"""Heartbeats come every 2 s, and every 5 s of controllers: until then nothing is probed."""
PROBE_EVERY_S = 0.5
LONGEST_GAP_S = 5.0
"""Looks are a second apart. After a longer gap the supervisor itself was held up."""

Key = TypeVar("Key", bound=Hashable)


class Silence(Generic[Key]):
    """Counts seconds without a heartbeat, by this process' own clock."""

    def __init__(self, takes_writes: Callable[[], bool]) -> None:
        self._takes_writes = takes_writes
        self._heartbeats: dict[Key, datetime | None] = {}
        self._silent_s: dict[Key, float] = {}
        self._looked_at = self._probed_at = float("-inf")
        self._is_blocked = False

    def look(
        self,
        heartbeats: Mapping[Key, datetime | None],
        *,
        probe_after_s: float = PROBE_AFTER_S,
        now: float | None = None,
    ) -> dict[Key, float]:
        """Seconds of silence of each, given the heartbeats that are stored now.

        What is not among ``heartbeats`` is forgotten. ``now``: seconds of a clock that never goes
        back, by default this process'.
        """
        now = time.monotonic() if now is None else now
        gap = now - self._looked_at
        counted = gap if gap <= LONGEST_GAP_S else 0.0
        self._silent_s = {
            key: self._silent_s[key] + counted if self._is_same(key, beat) else 0.0
            for key, beat in heartbeats.items()
        }
        self._heartbeats, self._looked_at = dict(heartbeats), now
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
