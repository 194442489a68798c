"""Resident memory of dashboard and supervisor while a run trains."""

from __future__ import annotations

from pathlib import Path

import psutil
from playwright.sync_api import Page

from benchmarks.dashboard import dashboard, free_port, open_page, serve_command, visitor
from benchmarks.figures import Figure, at_most
from benchmarks.pictures import photo
from benchmarks.session import Session, finished, until_training
from core.client import Client
from core.settings import PROJECT_ROOT

TITLE = "Memory"
_MB = 1e6


def measure(session: Session) -> list[Figure]:
    """Open every page, ask a network about a photo, then weigh both processes."""
    session.prepared()
    with session.lab() as client, visitor() as browser:
        done = finished(
            client, client.runs.submit(session.experiment("seeds=[1, 2]", "training.epochs=1"))
        )
        [at_work] = client.runs.submit(session.experiment("training.epochs=500"))
        until_training(client, at_work.id)
        port = free_port()
        with dashboard(client.settings, port, serve_command(port)) as server:
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            run_ids = [run.id for run in done]
            opened = open_every_page(page, server.url, at_work.id, run_ids)
            figures = _figures("Dashboard", server.pid, 300, f"after {opened} pages were opened")
        pid = _supervisor(client)
        return figures + _figures("Supervisor", pid, 120, "while a run trains")


def open_every_page(page: Page, url: str, at_work: str, done: list[str]) -> int:
    """As links do: with the runs in the address. Gives back how many there are."""
    names = sorted(each.parent.name for each in _pages().glob("*/__init__.py"))
    for name in names:
        runs = ",".join([*done, at_work])
        place = "" if name == "overview" else name
        open_page(page, f"{url}/{place}?run={at_work}&runs={runs}")
        if name == "predict":
            _ask(page)
    return len(names)


def _ask(page: Page) -> None:
    chooser = page.locator("input[type=file]").first
    chooser.set_input_files({"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    page.get_by_alt_text("photo.jpg, original").first.wait_for(timeout=60_000)
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def _pages() -> Path:
    return PROJECT_ROOT / "dashboard" / "pages"


def _supervisor(client: Client) -> int:
    pid = client.machine.supervisor().pid
    if pid is None:
        raise RuntimeError("No supervisor is at work though a run trains.")
    return pid


def _figures(who: str, pid: int, bound_mb: float, when: str) -> list[Figure]:
    process = psutil.Process(pid)
    weight = process.memory_full_info()
    resident = Figure(f"{who}, resident memory", [weight.rss / _MB], "MB", at_most(bound_mb), when)
    if not hasattr(weight, "pss"):  # only Linux tells
        return [resident]
    note = "shared pages counted by share"
    return [resident, Figure(f"{who}, proportional (PSS)", [weight.pss / _MB], "MB", note=note)]
