"""What trains needs nobody who watches; who watches sees it at once, and is left in peace after."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, WebSocket
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from core.records.runs import Run, RunState
from core.spec import Data, Experiment, Model, Stage, Training
from core.spec.blocks import NormalConv
from tests.end_to_end import pages
from tests.end_to_end.conftest import WAIT_MS
from tests.end_to_end.served_lab import ServedLab, until
from tests.end_to_end.test_live_chart import chart, points, wait_for_more_points

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(400)]
NUM_EPOCHS = 12
PROMISED_S = 2.0
ALLOWED_S = 6.0
"""The promise is for a machine that does nothing else; tests may run on a busy one."""
SILENCE_S = 8.0
"""Longer than the slowest pace of a page that still looks, which is 5 s."""
SILENT_AFTER_S = 60.0


def submit(lab: ServedLab, name: str) -> Run:
    """A run of a dozen epochs, each of about a second."""
    experiment = Experiment(
        name=name,
        data=Data(dataset="digits"),
        model=Model(stages=(Stage(convolutions=(NormalConv(filters=32),)),), dense=()),
        training=Training(epochs=NUM_EPOCHS, batch_size=8),
    )
    return lab.client.runs.submit(experiment)[0]


def test_a_stored_epoch_is_soon_on_the_curve_and_looking_ends_with_the_run(
    page: Page, lab: ServedLab
) -> None:
    sockets: list[WebSocket] = []

    def opened(socket: WebSocket) -> None:
        sockets.append(socket)  # a list's own method would not do: Playwright marks its handlers

    page.on("websocket", opened)
    run = submit(lab, "watched")
    with stored_at(lab, run) as stored:
        page.goto(f"{lab.url}/run?run={run.id}")
        plot = chart(page)
        # The browser notes the time at which its chart has each number of points.
        plot.evaluate(
            """plot => {
                window.shownAt = {};
                const look = () => {
                    const count = plot._fullData?.[0]?.x.length ?? 0;
                    window.shownAt[count] ??= Date.now() / 1000;
                    requestAnimationFrame(look);
                };
                look();
            }"""
        )
        looking_since = time.time()
        pages.wait_for_state(page, "finished", timeout_s=200)
        page.wait_for_function(f"window.shownAt[{NUM_EPOCHS}]")
        shown = {int(count): at for count, at in page.evaluate("window.shownAt").items()}
    delays = [
        # Where two epochs arrived in one update, the first came with the second.
        min(at for count, at in shown.items() if count >= epoch) - stored_epoch_at
        for epoch, stored_epoch_at in stored.items()
        if stored_epoch_at > looking_since
    ]
    assert len(delays) >= NUM_EPOCHS // 2, (stored, looking_since)
    print(f"stored to shown: {', '.join(f'{each:.2f}' for each in delays)} s")
    print(f"promised {PROMISED_S} s, largest {max(delays):.2f} s")
    assert max(delays) < ALLOWED_S
    wait_for_silence(sockets[-1])


def test_neither_a_closed_browser_nor_a_killed_server_disturbs_a_run(
    browser: Browser, lab: ServedLab
) -> None:
    run = submit(lab, "left alone")
    first = browser.new_page()
    first.goto(f"{lab.url}/run?run={run.id}", timeout=WAIT_MS)
    plot = chart(first)
    first.wait_for_function("plot => plot._fullData?.length > 1", arg=plot.element_handle())
    first.close()
    lab.kill_server()
    epochs, now = lab.client.runs.get(run.id).epochs_done, lab.client.runs.get(run.id)
    assert now.state is RunState.RUNNING, "it ended before the server was killed"
    until(lambda: lab.client.runs.get(run.id).epochs_done > epochs, 60)

    lab.serve()
    second = browser.new_page()
    second.goto(f"{lab.url}/run?run={run.id}", timeout=WAIT_MS)
    pages.wait_for_state(second, "finished", timeout_s=200)
    plot = chart(second)
    wait_for_more_points(second, plot, NUM_EPOCHS - 1)
    assert points(plot) == NUM_EPOCHS
    second.close()
    ended = lab.client.runs.get(run.id)
    assert (ended.attempt, ended.epochs_done) == (1, NUM_EPOCHS)


@contextmanager
def stored_at(lab: ServedLab, run: Run) -> Iterator[dict[int, float]]:
    """Note, beside the browser, when each epoch could first be read from the store."""
    found: dict[int, float] = {}
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            epoch = lab.client.runs.get(run.id).epochs_done
            if epoch:
                found.setdefault(epoch, time.time())

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()


def wait_for_silence(socket: WebSocket) -> None:
    """Until the page has asked its server nothing for a while."""
    deadline = time.monotonic() + SILENT_AFTER_S
    while time.monotonic() < deadline:
        try:
            socket.wait_for_event("framesent", timeout=1000 * SILENCE_S)
        except PlaywrightTimeout:
            return
    pytest.fail(f"The page still asks {SILENT_AFTER_S:.0f} s after everything has ended.")
