"""Promise: a page runs no script of others, is shown in no other page, and speaks to none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, expect

from tests.end_to_end import pages
from tests.end_to_end.served_lab import ServedLab

pytestmark = pytest.mark.browser
# A page of somebody else on this machine: shows the lab in a frame and asks it for a session.
FOREIGN = """<!DOCTYPE html><title>other</title><iframe src="{url}"></iframe><script>
const socket = new WebSocket("{socket}/_stcore/stream", ["streamlit"]);
socket.onopen = () => {{ document.title = "opened"; }};
socket.onerror = () => {{ document.title = "refused"; }};
</script>"""


@pytest.fixture
def foreign_url(still_lab: ServedLab) -> Iterator[str]:
    """A server on another port of this machine."""
    html = FOREIGN.format(url=still_lab.url, socket=still_lab.url.replace("http", "ws", 1))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_site_gets_neither_a_frame_nor_a_session(
    browser: Browser, foreign_url: str
) -> None:
    page = browser.new_page()
    violations = pages.policy_violations(page.context)
    page.goto(foreign_url)
    expect(page).to_have_title("refused")
    [frame] = [each for each in page.frames if each != page.main_frame]
    assert frame.locator("#root").count() == 0
    assert "frame-ancestors" in violations[0]
    page.close()


def test_text_in_the_page_is_never_run_and_the_policy_is_seen_to_be_broken(
    browser: Browser, still_lab: ServedLab
) -> None:
    page = browser.new_page()
    violations = pages.policy_violations(page.context)
    page.goto(still_lab.url)
    pages.wait_until_drawn(page)
    assert not violations
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            script.textContent = "window.foreign = true";
            document.body.append(script);
            const image = document.createElement("img");
            image.src = "http://127.0.0.1:9/pixel.png";
            document.body.append(image);
        }"""
    )
    assert page.evaluate("window.foreign") is None
    page.wait_for_function("document.images.length > 0")
    assert len(violations) == 2
    page.close()
