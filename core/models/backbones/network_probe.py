"""Whether an address on the network answers: asked rarely, waited for briefly.

The form is drawn anew at every change, so a question goes out at most once a minute and in a
thread of its own; what is drawn meanwhile goes by the last answer.
"""

from __future__ import annotations

import logging
import threading
import time
import urllib.parse
import urllib.request
from functools import cache

FRESH_S = 60.0
"""An answer counts for so long; after that it is asked again, and counts meanwhile."""
PATIENCE_S = 3.0
"""Longest wait for the first answer."""
TIMEOUT_S = 10.0
"""Longest wait of the question itself, in its thread."""

_log = logging.getLogger(__name__)


class _Question:
    """One question about one address, asked in a thread."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked_at = time.monotonic()
        self.done = threading.Event()
        self.yes = False
        threading.Thread(target=self._ask, name="network-probe", daemon=True).start()

    def _ask(self) -> None:
        # Through urllib, as Keras fetches: proxies of the environment count.
        request = urllib.request.Request(self.url, method="HEAD")  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
                self.yes = answer.status < 400
        except (OSError, ValueError) as error:
            _log.info("%s does not answer: %s", host(self.url), error)
        finally:
            self.done.set()


class Questions:
    """The newest question about each address. Threads may share one."""

    def __init__(self) -> None:
        self._last: dict[str, _Question] = {}
        self._lock = threading.Lock()

    def answers(self, url: str) -> bool:
        """Whether an address answers; it is waited for only when nothing is known of it yet."""
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            return False
        with self._lock:
            last = self._last.get(url)
            if last is not None and time.monotonic() - last.asked_at < FRESH_S:
                asked = last
            else:
                asked = self._last[url] = _Question(url)
        is_known = last is not None and last is not asked and last.done.is_set()
        if is_known and not asked.done.is_set():
            return bool(last and last.yes)
        asked.done.wait(PATIENCE_S)
        return asked.yes


@cache
def _questions() -> Questions:
    # One a process: what the network answers is the same for every page and session.
    return Questions()


def answers(url: str) -> bool:
    """Whether an address on the network answers, as far as this process knows."""
    return _questions().answers(url)


def host(url: str) -> str:
    """The machine of an address, as a person would name it."""
    return urllib.parse.urlsplit(url).hostname or url
