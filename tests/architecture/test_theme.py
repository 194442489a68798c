"""The page's colours can be read, in light and in dark (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from dashboard.charts import palette

CONFIG = tomllib.loads(
    (Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text(encoding="utf-8")
)
THEMES = ("light", "dark")
BACKGROUNDS = ("backgroundColor", "secondaryBackgroundColor")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize(
    ("colour", "least"),
    [("textColor", 4.5), ("linkColor", 4.5), ("primaryColor", 3.0), ("borderColor", 3.0)],
)
def test_colours_stand_out_from_both_backgrounds(
    theme: str, background: str, colour: str, least: float
) -> None:
    colours = CONFIG["theme"][theme]
    # Streamlit draws borders on the page's own background.
    if colour != "borderColor" or background == "backgroundColor":
        assert contrast(colours[colour], colours[background]) >= least


@pytest.mark.parametrize("theme", THEMES)
def test_a_primary_buttons_white_text_can_be_read(theme: str) -> None:
    assert contrast(CONFIG["theme"][theme]["primaryColor"], "#FFFFFF") >= 4.5


@pytest.mark.parametrize("theme", THEMES)
def test_chart_lines_stand_out_from_the_page(theme: str) -> None:
    background = CONFIG["theme"][theme]["backgroundColor"]
    faint = [each for each in palette.COLOURS if contrast(each, background) < 3.0]
    assert not faint


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two sRGB colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
