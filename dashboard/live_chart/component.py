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
    """Show ``figure`` and redraw it in place whenever it changes.

    ``key`` names the chart on its page and must stay the same over reruns: it is what keeps the
    browser's node, and with it zoom and hidden traces. Where one page shows one run after
    another, put the run's id into it. ``height`` is in pixels, kept from the
    first moment on. ``description`` is the text alternative: what the chart shows, in words.
    Fonts, grid and background follow the page's theme wherever the figure sets none. A zoom is
    forgotten when the figure changes an axis' ``uirevision``; a hidden trace is known by its
    ``uid``, so give traces one (letters, digits, ``-`` and ``_``) where their number or order may
    change.
    """
    context = get_script_run_ctx()
    if context is None:
        return  # a bare `python page.py` has no browser to draw in
    chart: dict[str, str | int] = {
        "description": description,
        "height": height,
        "plotlyUrl": _plotly_url(Path(context.main_script_path).parent / "static"),
    }
    # The same key on another page is another chart.
    name = hashlib.blake2b(f"{context.page_script_hash} {key}".encode(), digest_size=8)
    _mount(key=key, data=_message(figure, chart, name.hexdigest()), height=height)


def _message(figure: go.Figure, chart: dict[str, str | int], name: str) -> bytes:
    """One line, ``<digest> <name>``, and then the figure as JSON.

    Streamlit hands bytes to the browser as they are, where a dictionary would be encoded twice,
    and the browser need not parse what it has already drawn.
    """
    body = b'{"figure":%b,"chart":%b}' % (
        to_json_plotly(figure, engine="orjson").encode(),
        orjson.dumps(chart),
    )
    digest = hashlib.blake2b(body, digest_size=16).hexdigest()
    return f"{digest} {name}\n".encode() + body


def _plotly_url(static_folder: Path) -> str:
    """Where the browser finds Plotly: in the static folder beside the script that is running."""
    try:
        return plotly_asset.publish(static_folder)
    except OSError as error:
        # The rest of the page is of use without charts; the browser says what is missing.
        logger.warning("Charts cannot be drawn: plotly.min.js could not be written: %s", error)
        return ""
