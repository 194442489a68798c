"""Where the browser tests find a Chromium. Run as a script it prints the path, or exits with 1.

`make test` runs it to learn whether one has to be installed, tests call `chromium_path()`:
both look in the same places, in the same order.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
LAUNCH_ARGUMENTS = (
    # As root, in containers and without a network, Chromium needs every one of these.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def chromium_path() -> Path | None:
    """CHROMIUM_PATH, else one on PATH, else Playwright's own; None where there is none."""
    chosen = os.environ.get("CHROMIUM_PATH")
    if chosen:
        return Path(chosen)
    for name in NAMES:
        found = shutil.which(name)
        # Ubuntu's chromium-browser is a script that asks for snap: no browser.
        if found and not _wants_snap(Path(found)):
            return Path(found)
    return MAC if MAC.exists() else _playwrights_own()


def _wants_snap(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(4096)
    return start.startswith(b"#!") and b"snap" in start and not Path("/snap/bin").exists()


def _playwrights_own() -> Path | None:
    # Imported here: the script must run where only the standard library is needed.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
    return path if path.exists() else None


if __name__ == "__main__":
    where = chromium_path()
    sys.stdout.write(f"{where or 'No Chromium found.'}\n")
    sys.exit(0 if where and where.exists() else 1)
