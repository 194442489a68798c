"""Held work: runs and searches of a results folder that this user has not released."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.client.lab import Lab
from core.client.machine import Machine
from core.errors import RunError, SearchError, WorkHeld
from core.records.runs import ACTIVE_STATES, RunState
from core.records.searches import SearchState

if TYPE_CHECKING:
    from core.records.runs import HeldWork
    from core.store.opened_labs import Hold

_ALIVE_S = 60.0
"""A trainer writes its heartbeat every few seconds."""
_log = logging.getLogger(__name__)


class HeldWorkControl:
    """Shows, releases or stops the held work of a results folder."""

    def __init__(self, lab: Lab, machine: Machine) -> None:
        self._lab, self._machine = lab, machine
        self._hold: Hold | None = None

    def get(self) -> HeldWork | None:
        """The held work; None when nothing is held."""
        from core.store.opened_labs import Hold

        database = self._lab.store.database
        # After `close` the database may be another one.
        if self._hold is None or self._hold.database is not database:
            self._hold = Hold(self._lab.settings, database)
        return self._hold.work()

    def require_startable(self) -> None:
        """Raise DecisionsError when work that is added now could never start.

        That is so when this user's configuration folder cannot be written to: the lab records
        there which results folders the user has opened.
        """
        from core.store.opened_labs import require_startable

        require_startable(self._lab.settings, self._lab.store.database)

    def require_released(self) -> None:
        """Raise WorkHeld when the queue is held and nothing trains: waiting would never end."""
        held, folder = self.get(), self._lab.settings.results
        if held is not None and not self._is_training():
            raise WorkHeld(
                f"{folder} contains {held}, held until you release them: "
                "waiting would never end. convscope release starts them, convscope release --stop "
                "takes them out of the queue."
            )

    def release(self) -> None:
        """Let the held work start, and all later work of this lab.

        Code of the user's own still needs trust. Raises DecisionsError when the decision cannot
        be stored.
        """
        from core.store.opened_labs import release

        release(self._lab.settings, self._lab.store.database)
        self._machine.ensure_supervisor()

    def accept_links(self) -> None:
        """Open this results folder from now on although it contains links or special files.

        Writing through a link changes files elsewhere. Raises DecisionsError when the decision
        cannot be stored.
        """
        from core.store.opened_labs import accept_links

        accept_links(self._lab.settings)

    def stop(self) -> None:
        """Take its runs out of the queue and pause its searches; each can be resumed later.

        Raises DecisionsError when the decision cannot be stored; all is stopped even then.
        """
        for search in self._lab.store.searches.list():
            if search.state is SearchState.RUNNING:
                _unless_ended(self._lab.store.searches.pause, search.id)
        for run in self._lab.store.runs.list(states=ACTIVE_STATES):
            _unless_ended(self._lab.store.runs.request_stop, run.id)
        self.release()

    def _is_training(self) -> bool:
        """Whether a trainer is alive: another user of the same lab may have started it."""
        since = datetime.now(UTC) - timedelta(seconds=_ALIVE_S)
        training = self._lab.store.runs.list(states=(RunState.RUNNING, RunState.STOPPING))
        return any(run.heartbeat_at is not None and run.heartbeat_at > since for run in training)


def _unless_ended(verb: Callable[[str], object], key: str) -> None:
    try:
        verb(key)
    except (RunError, SearchError) as error:
        # It has ended by itself, or by another process, in the meantime.
        _log.info("%s: %s", key, error)
