"""How long a call takes."""

from __future__ import annotations

import time
from collections.abc import Callable


def seconds_of(call: Callable[[], object], repeats: int) -> list[float]:
    """Seconds of each call, after one that does not count."""
    call()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return taken


def milliseconds_of(call: Callable[[], object], repeats: int) -> list[float]:
    """The same in milliseconds."""
    return [1000 * each for each in seconds_of(call, repeats)]
