"""The Python half: lines and axes go to the browser, the brush comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_FOLDER = Path(__file__).parent
_mount = st.components.v2.component(
    "convscope_parallel_coordinates",
    html='<div class="parallel"></div>',
    css=(_FOLDER / "parallel_coordinates.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "parallel_coordinates.js").read_text(encoding="utf-8"),
)

Brush = dict[str, tuple[float, float]]
"""An axis' name -> the lowest and the highest place (0 to 1) that it lets through."""


@dataclass(frozen=True)
class Axis:
    """One upright line, with what is written along it."""

    name: str
    ticks: Sequence[tuple[float, str]]
    """Places between 0 (below) and 1 (on top)."""


@dataclass(frozen=True)
class Line:
    """One trial across the axes."""

    number: int
    places: Sequence[float | None]
    """One an axis, 0 to 1; None where the trial has no value: it runs below the axis."""
    colour: str
    words: str
    """What is read when the pointer is on it."""
    dashed: bool = False
    bold: bool = False


def show(
    axes: Sequence[Axis], lines: Sequence[Line], *, key: str, height: int, description: str
) -> Brush:
    """Draw the lines; what is brushed now, empty when nothing is.

    ``key`` names the drawing on its page: the browser keeps its node and brush over reruns, and
    the session keeps the brush when another tab is open meanwhile.
    """
    kept, version = f"{key}/kept", f"{key}/version"
    context = get_script_run_ctx()
    page = context.page_script_hash if context else ""
    message = {
        "name": f"{page} {key}",
        "axes": [asdict(axis) for axis in axes],
        "lines": [_compact(line) for line in lines],
        "height": height,
        "description": description,
        "brush": st.session_state.get(kept, {}),
        "version": st.session_state.get(version, 0),
    }

    def keep() -> None:
        st.session_state[kept] = _read(st.session_state[key].get("brush"), axes)

    body = orjson.dumps(message)
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    _mount(key=key, data=f"{digest}\n".encode() + body, on_brush_change=keep)
    brush: Brush = _read(st.session_state.get(kept), axes)
    return brush


def clear(key: str) -> None:
    """Take every brush off the drawing ``key``."""
    st.session_state[f"{key}/kept"] = {}
    st.session_state[f"{key}/version"] = st.session_state.get(f"{key}/version", 0) + 1


def inside(axes: Sequence[Axis], lines: Sequence[Line], brush: Mapping[str, Any]) -> set[int]:
    """Numbers of the trials that every brush lets through."""
    index = {axis.name: place for place, axis in enumerate(axes)}
    bounds = [(index[name], low, high) for name, (low, high) in brush.items() if name in index]
    return {
        line.number
        for line in lines
        if all(_between(line.places[axis], low, high) for axis, low, high in bounds)
    }


def _between(place: float | None, low: float, high: float) -> bool:
    return place is not None and low <= place <= high


def _compact(line: Line) -> list[Any]:
    # A list each: five hundred dictionaries would be mostly names.
    places = [None if place is None else round(place, 4) for place in line.places]
    return [line.number, places, line.colour, line.words, line.dashed, line.bold]


def _read(brush: Any, axes: Sequence[Axis]) -> Brush:
    """What the browser said, as far as it makes sense."""
    if not isinstance(brush, Mapping):
        return {}
    names = {axis.name for axis in axes}
    return {
        str(name): (float(ends[0]), float(ends[1]))
        for name, ends in brush.items()
        if name in names
        and isinstance(ends, list | tuple)
        and len(ends) == 2
        and all(isinstance(end, int | float) for end in ends)
    }
