"""When each trial was trained, one line per slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboard.charts import palette
from dashboard.charts.labels import inert, waiting

KINDS = {
    "completed": ("Completed", palette.COLOURS[0]),
    "running": ("Running", palette.COLOURS[1]),
    "pruned": ("Pruned", palette.COLOURS[7]),
    "stopped": ("Stopped manually", palette.NEUTRAL),
    "failed": ("Failed", palette.COLOURS[5]),
}


@dataclass(frozen=True)
class TimelineBar:
    """One run of a trial on its slot, in minutes since the search's creation."""

    number: int
    state: str
    """State of the trial: a key of ``KINDS``."""
    slot: str
    start: float
    end: float
    words: str = ""


def timeline(bars: Sequence[TimelineBar]) -> go.Figure:
    """Bars over time; runs that shared a device at the same time are in separate lanes."""
    if not bars:
        return waiting("Waiting for the first trial to start.")
    lanes = in_lanes(bars)
    names = list(dict.fromkeys(sorted(lane for lane, _ in lanes)))
    traces = [trace for kind in KINDS for trace in _trace(kind, lanes, names)]
    return go.Figure(
        data=traces,
        layout={
            "template": "none",
            "hovermode": "closest",
            "showlegend": True,
            "xaxis": {"title": {"text": "Minutes since the start"}, "rangemode": "tozero"},
            "yaxis": {
                "tickvals": list(range(len(names))),
                "ticktext": [inert(name) for name in names],
                "range": [len(names) - 0.4, -0.6],
                "fixedrange": True,
                "showgrid": False,
            },
        },
    )


def in_lanes(bars: Sequence[TimelineBar]) -> list[tuple[str, TimelineBar]]:
    """Each bar with its lane: its device, numbered if the device had several runs at once."""
    free_at: dict[str, list[float]] = {}
    placed = []
    for each in sorted(bars, key=lambda each: (each.start, each.number)):
        ends = free_at.setdefault(each.slot, [])
        lane = next((index for index, end in enumerate(ends) if end <= each.start), len(ends))
        ends[lane:] = [each.end, *ends[lane + 1 :]]
        placed.append((each, lane))
    return [
        (f"{each.slot} · {lane + 1}" if len(free_at[each.slot]) > 1 else each.slot, each)
        for each, lane in placed
    ]


def _trace(
    kind: str, lanes: Sequence[tuple[str, TimelineBar]], names: Sequence[str]
) -> list[dict[str, Any]]:
    mine = [(lane, each) for lane, each in lanes if each.state == kind]
    if not mine:
        return []
    title, colour = KINDS[kind]
    texts = [inert(f"trial {each.number}") + f"<br>{inert(each.words)}" for _, each in mine]
    return [
        {
            "type": "bar",
            "orientation": "h",
            "uid": kind,
            "name": title,
            "y": [names.index(lane) for lane, _ in mine],
            "base": [each.start for _, each in mine],
            "x": [max(0.0, each.end - each.start) for _, each in mine],
            "width": 0.7,
            # A bar may be one pixel wide: an outline would hide it.
            "marker": {"color": colour, "line": {"width": 0}},
            "opacity": 0.9,
            "offset": -0.35,
            "text": texts,
            "textposition": "none",
            "hovertemplate": "%{text}<br>from %{base:.1f} min, for %{x:.1f} min<extra></extra>",
        }
    ]
