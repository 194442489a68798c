"""Waiting for runs and searches to end, by looking at the store's change counter."""

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
    """Waits for runs and searches to end, and keeps a supervisor active meanwhile."""

    def __init__(self, lab: Lab, machine: Machine, held_work: HeldWorkControl) -> None:
        self._lab, self._machine, self._held_work = lab, machine, held_work

    def wait_until(
        self,
        read: Callable[[], T],
        is_over: Callable[[T], bool],
        timeout_s: float | None,
        on_change: Callable[[T], None] | None,
    ) -> T:
        """What ``read`` gives once ``is_over``, or when the time is up.

        ``on_change`` is called whenever the lab has changed. Nothing is over while a supervisor
        could still start it: one is kept active. Raises WorkHeld when something is left to wait
        for and nothing starts before a release.
        """
        started = looked_after = time.monotonic()
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
            if now - looked_after > _SUPERVISOR_EVERY_S:
                self._machine.ensure_supervisor()
                looked_after = now
            time.sleep(min(pause, left))
