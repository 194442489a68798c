"""The Python half of the live chart: a figure becomes one message to the browser."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import orjson
import plotly.graph_objects as go
import streamlit as st
from plotly.io.json import to_json_plotly
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.live_chart import plotly_asset

logger = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent
_mount = st.components.v2.component(
    "convscope_live_chart",
    html='<div class="live-chart"></div>',
    css=(_FOLDER / "live_chart.css").read_text(encoding="utf-8"),
    js=(_FOLDER / "live_chart.js").read_text(encoding="utf-8"),
    # Plotly writes its style sheet into the page's head, which a shadow root would not see.
    isolate_styles=False,
)


def show(figure: go.Figure, *, key: str, height: int, description: str) -> None:
    """Show ``figure`` and update it in place whenever it changes.

    ``key`` identifies the chart on its page and must be the same at each rerun, so that the
    browser keeps its node with zoom and hidden traces. On a page that shows one run after another,
    the key must contain the run's id. ``height`` is in pixels. ``description`` is the text
    alternative: what the chart shows, in words. Fonts, grid and background come from the page's
    theme if the figure sets none. The zoom is dropped when the figure changes an axis'
    ``uirevision``. Hidden traces are recognised by their ``uid``, so traces need one (letters,
    digits, ``-`` and ``_``) if their number or order may change.
    """
    context = get_script_run_ctx()
    if context is None:
        return  # a bare `python page.py` has no browser to draw in
    chart: dict[str, str | int] = {
        "description": description,
        "height": height,
        "plotlyUrl": _plotly_url(Path(context.main_script_path).parent / "static"),
    }
    # The same key on another page is a different chart.
    name = hashlib.blake2b(f"{context.page_script_hash} {key}".encode(), digest_size=8)
    _mount(key=key, data=_message(figure, chart, name.hexdigest()), height=height)


def _message(figure: go.Figure, chart: dict[str, str | int], name: str) -> bytes:
    """One line, ``<digest> <name>``, and then the figure as JSON.

    Streamlit passes bytes on unchanged, while a dictionary would be encoded twice; and the browser
    need not parse a figure that it already shows.
    """
    body = b'{"figure":%b,"chart":%b}' % (
        to_json_plotly(figure, engine="orjson").encode(),
        orjson.dumps(chart),
    )
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    return f"{digest} {name}\n".encode() + body


def _plotly_url(static_folder: Path) -> str:
    """The URL of Plotly, which is in the static folder beside the running script."""
    try:
        return plotly_asset.publish(static_folder)
    except OSError as error:
        # The rest of the page works without charts; the browser shows an error in their place.
        logger.warning("Charts cannot be drawn: plotly.min.js could not be written: %s", error)
        return ""
