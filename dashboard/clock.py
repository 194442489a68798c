"""How often a live part of a page is drawn: often while a run trains, rarely in calm times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# Seconds between two drawings. A finished epoch must be on its curve within 2 s.
TRAINING_S = 0.7
CALM_S = 1.5
QUIET_S = 5.0
_CALM_AFTER_S = 20.0
_QUIET_AFTER_S = 120.0
_ENDS_AFTER_S = 10.0
_MIN_PAUSE = 2.0
"""The least pause between two drawings, as a multiple of what drawing costs."""


@dataclass
class Clock:
    """When a live part of a page last saw a change. Seconds of ``time.monotonic``."""

    seen: Any = None
    changed_at: float = 0.0
    draw_s: float = 0.0
    """What drawing costs: thousands of runs must not keep the server busy with one page."""

    def update(self, seen: Any, now: float) -> None:
        """Note what is there now, for instance the store's revision."""
        if seen != self.seen:
            self.seen, self.changed_at = seen, now

    def add_drawing(self, seconds: float) -> None:
        """Note what a drawing cost. One quick drawing does not make a slow part quick."""
        self.draw_s = max(seconds, 0.8 * self.draw_s)

    def interval(self, *, active: bool, training: bool, now: float) -> float | None:
        """Seconds until the next drawing; None: nothing runs that could change anything.

        ``active``: something is queued, runs or is prepared; ``training``: a run has a trainer. A
        change of the interval runs the whole page again (``streamlit_workarounds/fragment_pace``).
        """
        unchanged_s = now - self.changed_at
        if not active and unchanged_s >= _ENDS_AFTER_S:
            return None
        if unchanged_s >= _QUIET_AFTER_S or self.draw_s > CALM_S / _MIN_PAUSE:
            return QUIET_S
        # The pace of training stays for some seconds after a run ended: a lost run may be queued
        # again by the supervisor, and people click when a run has ended.
        is_waiting = active and not training and unchanged_s >= _ENDS_AFTER_S
        if is_waiting or unchanged_s >= _CALM_AFTER_S or self.draw_s > TRAINING_S / _MIN_PAUSE:
            return CALM_S
        return TRAINING_S
