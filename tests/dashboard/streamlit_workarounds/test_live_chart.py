"""Fails when ``st.plotly_chart`` keeps a zoom over new data: `dashboard.live_chart` can go then."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.streamlit_workarounds.conftest import Opener

pytestmark = pytest.mark.browser


def x_range(page: Page) -> Any:
    return page.evaluate("document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range")


def zoom(page: Page) -> None:
    box = page.locator(".nsewdrag").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.6, steps=5)
    page.mouse.up()


def test_streamlit_forgets_a_zoom_when_the_data_changes(open_plain: Opener) -> None:
    page = open_plain("chart")
    expect(page.locator(".nsewdrag")).to_be_attached()
    before = x_range(page)
    zoom(page)
    page.wait_for_function(
        "low => document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range[0] > low",
        arg=before[0] + 0.1,
    )
    page.get_by_text("Another point").click()
    expect(page.get_by_text("points 4")).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('.js-plotly-plot')?._fullData?.[0].x.length === 4"
    )
    low, high = x_range(page)
    assert low < 0
    assert high > 3
