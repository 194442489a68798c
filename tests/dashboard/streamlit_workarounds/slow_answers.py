"""A slow connection: answers of a server that reach the browser later, all at once."""

from __future__ import annotations

import re

from playwright.sync_api import Page, WebSocketRoute

ON_SERVER_MS = 1_500
"""By then the server has run a small page; the browser cannot say so while it gets no answers."""


class SlowAnswers:
    """The connection of a page whose answers are held back for a while."""

    def __init__(self, page: Page) -> None:
        self.held: list[str | bytes] | None = None
        page.route_web_socket(re.compile("_stcore/stream"), self._connect)

    def _connect(self, browser: WebSocketRoute) -> None:
        self._browser = browser
        server = browser.connect_to_server()
        browser.on_message(server.send)
        server.on_message(self._answer)

    def _answer(self, message: str | bytes) -> None:
        if self.held is None:
            self._browser.send(message)
        else:
            self.held.append(message)

    def hold(self) -> None:
        self.held = []

    def release(self) -> None:
        held, self.held = self.held or [], None
        for message in held:
            self._browser.send(message)
