"""The Python half of the parallel coordinates: sends lines and axes, receives the brush."""

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
"""The lowest and the highest selected place (0 to 1) by the name of the axis."""


@dataclass(frozen=True)
class Axis:
    """One vertical axis with its ticks."""

    name: str
    ticks: Sequence[tuple[float, str]]
    """Places between 0 (bottom) and 1 (top), each with its text."""


@dataclass(frozen=True)
class Line:
    """One trial across the axes."""

    number: int
    places: Sequence[float | None]
    """One place per axis, 0 to 1; None without a value: the line then passes below the axis."""
    colour: str
    words: str
    """Text that is shown while the pointer is on the line."""
    dashed: bool = False
    bold: bool = False


def show(
    axes: Sequence[Axis], lines: Sequence[Line], *, key: str, height: int, description: str
) -> Brush:
    """Show the lines and return the brush; it is empty if nothing is brushed.

    ``key`` identifies the drawing on its page: the browser keeps its node and brush over reruns,
    and the session keeps the brush while another tab is open.
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
    """Clear the brush of the drawing ``key``."""
    st.session_state[f"{key}/kept"] = {}
    st.session_state[f"{key}/version"] = st.session_state.get(f"{key}/version", 0) + 1


def inside(axes: Sequence[Axis], lines: Sequence[Line], brush: Mapping[str, Any]) -> set[int]:
    """The numbers of the trials that are inside the brush on every brushed axis."""
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
    # Lists: five hundred dictionaries would mostly consist of names.
    places = [None if place is None else round(place, 4) for place in line.places]
    return [line.number, places, line.colour, line.words, line.dashed, line.bold]


def _read(brush: Any, axes: Sequence[Axis]) -> Brush:
    """The valid part of the brush that the browser sent."""
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
