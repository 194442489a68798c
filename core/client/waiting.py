"""Waiting for runs and searches to end, by looking at the store's change counter."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from core.records.runs import Run

OnChange = Callable[[list[Run]], None]

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_SUPERVISOR_EVERY_S = 10.0

T = TypeVar("T")


class Lab(Protocol):
    """What waiting asks of the client."""

    def runs(self, *, ids: Sequence[str] | None = None) -> list[Run]: ...
    def revision(self) -> int: ...
    def ensure_supervisor(self) -> object: ...
    def require_released(self) -> None: ...


def wait(
    lab: Lab, run_ids: Sequence[str], timeout_s: float | None, on_change: OnChange | None
) -> list[Run]:
    """The runs once none is active any more, or when the time is up. Raises WorkHeld."""
    return wait_until(
        lab,
        lambda: lab.runs(ids=run_ids),
        lambda runs: not any(run.state.is_active for run in runs),
        timeout_s,
        on_change,
    )


def wait_until(
    lab: Lab,
    look: Callable[[], T],
    is_over: Callable[[T], bool],
    timeout_s: float | None,
    on_change: Callable[[T], None] | None,
) -> T:
    """What ``look`` gives once it is over, or when the time is up; told whenever it changed.

    Nothing is over while a supervisor could still take it up: one is kept at work. Raises
    WorkHeld when something is left to wait for and nothing starts before a release.
    """
    started = looked_after = time.monotonic()
    pause, seen = _FIRST_PAUSE_S, None
    while True:
        revision = lab.revision()
        now = time.monotonic()
        pause = _FIRST_PAUSE_S if revision != seen else min(2 * pause, _LONGEST_PAUSE_S)
        if revision != seen:
            seen, found = revision, look()
            if on_change is not None:
                on_change(found)
            if is_over(found):
                return found
        left = float("inf") if timeout_s is None else timeout_s - (now - started)
        if left <= 0:
            return look()
        lab.require_released()
        if now - looked_after > _SUPERVISOR_EVERY_S:
            lab.ensure_supervisor()
            looked_after = now
        time.sleep(min(pause, left))
