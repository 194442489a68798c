"""Seconds from the command to a page that answers, and to a page that is drawn."""

from __future__ import annotations

import time

from playwright.sync_api import Browser

from benchmarks.dashboard import dashboard, free_port, open_page, serve_command, visitor
from benchmarks.figures import Figure, at_most
from benchmarks.session import Session
from core.client import Client

TITLE = "Start of the dashboard"


def measure(session: Session) -> list[Figure]:
    """`make run` with nothing to install, and the bare `convscope serve`."""
    figures = []
    with session.lab() as client, visitor() as browser:
        _drawn_on_a_fresh_server(client, browser, "serve")  # fills the file cache
        for name in ("make run", "convscope serve"):
            starts = [
                _drawn_on_a_fresh_server(client, browser, name) for _ in range(session.size.rounds)
            ]
            figures += _figures(name, starts)
    return figures


def _drawn_on_a_fresh_server(client: Client, browser: Browser, name: str) -> tuple[float, float]:
    """Seconds until the server answers, and until a browser shows the first page."""
    port = free_port()
    command = ["make", "run", f"PORT={port}"] if name == "make run" else serve_command(port)
    with dashboard(client.settings, port, command) as server:
        page = browser.new_page()
        open_page(page, server.url)
        drawn_s = time.perf_counter() - server.started
        page.close()
    return server.answers_s, drawn_s


def _figures(name: str, starts: list[tuple[float, float]]) -> list[Figure]:
    answers, drawn = zip(*starts, strict=True)
    return [
        Figure(
            f"`{name}` to a page that answers",
            answers,
            "s",
            at_most(5.0),
            "health check and page, over HTTP",
        ),
        Figure(
            f"`{name}` to the first page drawn",
            drawn,
            "s",
            note="its script has run; in a Chromium that is open already",
        ),
    ]
