"""Check whether an address on the network answers.

The form is rendered at every change, so a request is sent at most once per minute, and in a thread
of its own; until it is answered, the last result counts.
"""

from __future__ import annotations

import logging
import threading
import time
import urllib.parse
import urllib.request
from functools import cache

FRESH_S = 60.0
"""How long a result counts before the next request."""
PATIENCE_S = 3.0
"""Longest wait for the first result."""
TIMEOUT_S = 10.0
"""Timeout of the request itself, in its thread."""

_log = logging.getLogger(__name__)


class _Request:
    """One request to one address, in a thread."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.started_at = time.monotonic()
        self.done = threading.Event()
        self.yes = False
        threading.Thread(target=self._send, name="network-probe", daemon=True).start()

    def _send(self) -> None:
        # By urllib, as Keras downloads: it uses the environment's proxies.
        head = urllib.request.Request(self.url, method="HEAD")  # noqa: S310
        try:
            with urllib.request.urlopen(head, timeout=TIMEOUT_S) as answer:  # noqa: S310
                self.yes = answer.status < 400
        except (OSError, ValueError) as error:
            _log.info("%s does not answer: %s", host(self.url), error)
        finally:
            self.done.set()


class Requests:
    """The newest request to each address. Threads may share one object."""

    def __init__(self) -> None:
        self._last: dict[str, _Request] = {}
        self._lock = threading.Lock()

    def answers(self, url: str) -> bool:
        """Whether an address answers. Waits only if there is no result yet."""
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            return False
        with self._lock:
            last = self._last.get(url)
            if last is not None and time.monotonic() - last.started_at < FRESH_S:
                request = last
            else:
                request = self._last[url] = _Request(url)
        is_known = last is not None and last is not request and last.done.is_set()
        if is_known and not request.done.is_set():
            return bool(last and last.yes)
        request.done.wait(PATIENCE_S)
        return request.yes


@cache
def _requests() -> Requests:
    # One per process: the result is the same for every page and browser session.
    return Requests()


def answers(url: str) -> bool:
    """Whether an address on the network answers, as far as this process knows."""
    return _requests().answers(url)


def host(url: str) -> str:
    """The host name of an address, for messages."""
    return urllib.parse.urlsplit(url).hostname or url
