"""Colours and dashes that distinguish runs, in light and in dark mode.

Every colour keeps a contrast of at least 3:1 (WCAG 2.2, 1.4.11) against white and against
Streamlit's dark background. The eight were chosen by searching sRGB for the set whose closest
pair is farthest apart in OKLab, for full colour vision and for protanopia and deuteranopia as
simulated by Machado, Oliveira and Fernandes (2009), severity 1.0.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

COLOURS: tuple[str, ...] = (
    "#006cb4",  # blue
    "#d87800",  # orange
    "#c00090",  # magenta
    "#606c0c",  # olive
    "#3090fc",  # sky
    "#d8546c",  # coral
    "#4848fc",  # indigo
    "#9c84b4",  # mauve
)
DASHES: tuple[str, ...] = ("solid", "longdash", "longdashdot", "dashdot")
"""Line patterns for the runs beyond the eighth, in Plotly's words."""

TRAINING_DASH = "dot"
"""The dash of training curves; not in ``DASHES``, so that it never means another run."""

NEUTRAL = "#7d7d7d"
"""A grey that is readable in both themes, for what belongs to no run."""


def colour(position: int) -> str:
    """The colour at a position; repeats after the last."""
    return COLOURS[position % len(COLOURS)]


def dash(position: int) -> str:
    """The line pattern at a position: solid for the first eight, then a new one per eight."""
    return DASHES[position // len(COLOURS) % len(DASHES)]


def assign(run_ids: Sequence[str]) -> dict[str, str]:
    """One colour per run, derived from its id, so that a run has the same colour on each page.

    If an earlier run has that colour, the run gets the next free one, so appending runs never
    changes earlier colours. Colours repeat only for more than eight runs.
    """
    assigned: dict[str, str] = {}
    for run_id in run_ids:
        if run_id not in assigned:
            start = zlib.crc32(run_id.encode())
            candidates = [colour(start + step) for step in range(len(COLOURS))]
            taken = list(assigned.values())
            assigned[run_id] = min(candidates, key=taken.count)
    return assigned
