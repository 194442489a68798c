"""A supervisor's care for controllers: one for each search at work, started again when it dies.

As with trainers, what must be remembered is in the store and in locks, so that a successor
adopts the controllers that it finds.
"""

from __future__ import annotations

import logging
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.errors import SearchError
from core.jobs import logs
from core.jobs.launch import LOG_NAME, search_lock, start_controller
from core.jobs.silence import PROBE_AFTER_S, Silence
from core.processes import ProcessIdentity, is_held
from core.records.searches import SearchRecord, SearchState
from core.settings import Settings
from core.store.probe import WriteProbe
from core.store.store import Store

LEASE_S = 60.0
"""A controller that gives no sign of life for so long is replaced."""
CLAIM_GRACE_S = 5.0
"""A claimed search may have no process for so long: its supervisor was just starting one."""
MAX_RESTARTS = 10
"""Controllers in a row during which no trial began or ended: then the search is paused."""

_log = logging.getLogger(__name__)


@dataclass
class SearchWatch:
    """One supervisor's view of the searches in its results folder."""

    settings: Settings
    store: Store
    lease_s: float = LEASE_S
    probe: WriteProbe | None = None
    """By default one of its own."""
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _silent_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        probe = self.probe or WriteProbe(self.store.database)
        self._silence = Silence[str](probe.takes_writes)

    at_work: list[SearchRecord] = field(default_factory=list)
    """At the last look."""

    def has_news(self) -> bool:
        """Whether a controller of this process has ended since the last look."""
        return any(child.poll() is not None for child in self._children.values())

    def look(self) -> bool:
        """Start what is missing; False when no search is at work."""
        at_work = self.at_work = self.store.controllers.active_searches()
        ended = {key for key, child in self._children.items() if child.poll() is not None}
        self._silent_s = self._silence.look(
            {search.id: search.heartbeat_at for search in at_work},
            probe_after_s=min(PROBE_AFTER_S, self.lease_s / 2),
        )
        for search in at_work:
            self._check(search)
            logs.bound(self.settings.search_folder(search.id) / LOG_NAME)
        self._children = {
            k: v for k, v in self._children.items() if k not in ended or v.poll() is None
        }
        return bool(at_work)

    def _check(self, search: SearchRecord) -> None:
        process = self._process_of(search)
        if not self._is_alive(search, process):
            self._start(search)
        elif self._silent_s[search.id] > self.lease_s:
            _log.warning("search %s: its controller gave no sign of life", search.id)
            # Claimed first: from then on the old one's writes are refused.
            self._start(search)
            if process is not None:
                process.kill_group()

    def _start(self, search: SearchRecord) -> None:
        if search.restarts >= MAX_RESTARTS:
            self._give_up(search)
            return
        generation = self.store.controllers.claim(search.id, search.generation)
        if generation is None:
            return  # another supervisor took it first
        try:
            child = start_controller(self.settings, search.id, generation)
        except OSError as error:
            if not self.settings.results.is_dir():
                raise  # it was moved: the supervisor ends, and the search continues there
            self._give_up(search, f"Its controller could not be started: {error}.")
            return
        self._children[search.id] = child
        _log.info("search %s: controller %d started as %d", search.id, generation, child.pid)

    def _give_up(self, search: SearchRecord, sentence: str = "") -> None:
        reason = sentence or (
            f"Its controller ended {search.restarts} times without a trial having begun or ended. "
            "See the end of its log."
        )
        if search.state is not SearchState.RUNNING:
            return
        try:
            self.store.searches.pause(search.id, reason)
        except SearchError as error:
            _log.info("%s", error)
        _log.warning("search %s: paused. %s", search.id, reason)

    def _is_alive(self, search: SearchRecord, process: ProcessIdentity | None) -> bool:
        child = self._children.get(search.id)
        if child is not None and child.poll() is None:
            return True
        # The lock is asked last: it outlives the process it belongs to by nothing.
        if process is not None and process.is_alive():
            return True
        # A claim is a sign of life, too.
        if process is None and child is None and _age_s(search.heartbeat_at) < CLAIM_GRACE_S:
            return True
        return is_held(search_lock(self.settings, search.id))

    def _process_of(self, search: SearchRecord) -> ProcessIdentity | None:
        identity = self.store.controllers.process_of(search.id)
        return None if identity is None else ProcessIdentity(*identity)


def _age_s(moment: datetime | None) -> float:
    return (datetime.now(UTC) - moment).total_seconds() if moment else float("inf")
