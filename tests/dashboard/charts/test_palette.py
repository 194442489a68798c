"""Runs' colours can be seen on both themes and told apart by (nearly) everybody."""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from dashboard.charts import palette

ROOT = Path(__file__).resolve().parents[3]
# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
VISION = {
    "full": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
}


def linear(colour: str) -> NDArray[np.float64]:
    srgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def oklab(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    to_cones = np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    )
    to_lab = np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    )
    return np.asarray(to_lab @ np.cbrt(to_cones @ np.clip(rgb, 0, 1)))


def backgrounds() -> list[str]:
    """Streamlit's own two, and those of this page's theme where it has one."""
    found = ["#ffffff", "#0e1117"]
    config = ROOT / ".streamlit" / "config.toml"
    if config.exists():
        theme = tomllib.loads(config.read_text(encoding="utf-8")).get("theme", {})
        parts = [theme, theme.get("light", {}), theme.get("dark", {})]
        found += [part["backgroundColor"] for part in parts if "backgroundColor" in part]
    return found


@pytest.mark.parametrize("background", backgrounds())
@pytest.mark.parametrize("colour", [*palette.COLOURS, palette.NEUTRAL])
def test_every_colour_can_be_seen(colour: str, background: str) -> None:
    assert contrast(colour, background) >= 3


@pytest.mark.parametrize("vision", VISION)
def test_colours_can_be_told_apart(vision: str) -> None:
    seen = [oklab(VISION[vision] @ linear(colour)) for colour in palette.COLOURS]
    closest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert closest > 0.1


def test_eight_runs_get_eight_colours_and_keep_them_when_more_come() -> None:
    run_ids = [f"run-{number}" for number in range(11)]
    eight = palette.assign(run_ids[:8])
    assert set(eight.values()) == set(palette.COLOURS)
    more = palette.assign(run_ids)
    assert {run_id: more[run_id] for run_id in eight} == eight
    assert len({more[run_id] for run_id in run_ids[8:]}) == 3


def test_a_run_alone_keeps_the_colour_it_has_first_in_any_list() -> None:
    assert palette.assign(["x"])["x"] == palette.assign(["x", "y", "z"])["x"]


def test_the_pattern_changes_where_colours_start_again() -> None:
    assert palette.dash(7) != palette.dash(8)
    assert palette.TRAINING_DASH not in palette.DASHES
