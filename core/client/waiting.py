"""Waits for runs and searches to end, by polling the store's revision."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from core.client.held_work import HeldWorkControl
from core.client.lab import Lab
from core.client.machine import Machine
from core.records.runs import Run

OnChange = Callable[[list[Run]], None]

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_SUPERVISOR_EVERY_S = 10.0

T = TypeVar("T")


class Waiter:
    """Waits until runs or searches have ended, and keeps a supervisor active meanwhile."""

    def __init__(self, lab: Lab, machine: Machine, held_work: HeldWorkControl) -> None:
        self._lab, self._machine, self._held_work = lab, machine, held_work

    def wait_until(
        self,
        read: Callable[[], T],
        is_over: Callable[[T], bool],
        timeout_s: float | None,
        on_change: Callable[[T], None] | None,
    ) -> T:
        """Wait until ``is_over(read())``, or for ``timeout_s``, and return ``read()`` then.

        Calls ``on_change`` with it whenever the lab has changed. Starts a supervisor when none is
        active: without one, queued runs never end. Raises WorkHeld when the queue is held, so
        that waiting would never end.
        """
        started = supervised_at = time.monotonic()
        pause, seen = _FIRST_PAUSE_S, None
        while True:
            revision = self._lab.store.revision()
            now = time.monotonic()
            pause = _FIRST_PAUSE_S if revision != seen else min(2 * pause, _LONGEST_PAUSE_S)
            if revision != seen:
                seen, found = revision, read()
                if on_change is not None:
                    on_change(found)
                if is_over(found):
                    return found
            left = float("inf") if timeout_s is None else timeout_s - (now - started)
            if left <= 0:
                return read()
            self._held_work.require_released()
            if now - supervised_at > _SUPERVISOR_EVERY_S:
                self._machine.ensure_supervisor()
                supervised_at = now
            time.sleep(min(pause, left))
