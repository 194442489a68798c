"""The supervisor's work for searches: one controller per active search, started again when it ends.

As with trainers, its state is in the store and in locks, so that a successor can continue.
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
"""A controller without a heartbeat for this long is replaced."""
CLAIM_GRACE_S = 5.0
"""A claimed search may have no process for this long: its supervisor is starting one."""
MAX_RESTARTS = 10
"""After this many controllers in a row without a trial that began or ended, the search pauses."""

_log = logging.getLogger(__name__)


@dataclass
class SearchWatch:
    """Watches the searches of one results folder for its supervisor."""

    settings: Settings
    store: Store
    lease_s: float = LEASE_S
    probe: WriteProbe | None = None
    """By default a new one."""
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _silent_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        probe = self.probe or WriteProbe(self.store.database)
        self._silence = Silence[str](probe.takes_writes)

    active: list[SearchRecord] = field(default_factory=list)
    """Searches that need a controller, at the last poll."""

    def has_ended(self) -> bool:
        """Whether a controller that this process started has ended since the last poll."""
        return any(child.poll() is not None for child in self._children.values())

    def poll(self) -> bool:
        """Start missing controllers and replace hung ones; False when no search needs one."""
        active = self.active = self.store.controllers.active_searches()
        ended = {key for key, child in self._children.items() if child.poll() is not None}
        self._silent_s = self._silence.update(
            {search.id: search.heartbeat_at for search in active},
            probe_after_s=min(PROBE_AFTER_S, self.lease_s / 2),
        )
        for search in active:
            self._check(search)
            logs.bound(self.settings.search_folder(search.id) / LOG_NAME)
        self._children = {
            k: v for k, v in self._children.items() if k not in ended or v.poll() is None
        }
        return bool(active)

    def _check(self, search: SearchRecord) -> None:
        process = self._process_of(search)
        if not self._is_alive(search, process):
            self._start(search)
        elif self._silent_s[search.id] > self.lease_s:
            _log.warning("search %s: its controller sent no heartbeat and is replaced", search.id)
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
            f"Its controller ended {search.restarts} times, and no trial began or ended meanwhile. "
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
        # Last, because it is the slowest: a process holds its lock exactly until it ends.
        if process is not None and process.is_alive():
            return True
        # The claim counts as the first heartbeat.
        if process is None and child is None and _age_s(search.heartbeat_at) < CLAIM_GRACE_S:
            return True
        return is_held(search_lock(self.settings, search.id))

    def _process_of(self, search: SearchRecord) -> ProcessIdentity | None:
        identity = self.store.controllers.process_of(search.id)
        return None if identity is None else ProcessIdentity(*identity)


def _age_s(moment: datetime | None) -> float:
    return (datetime.now(UTC) - moment).total_seconds() if moment else float("inf")
