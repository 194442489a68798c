"""The client's verbs about work that a results folder brought along: see it, start it, stop it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from core.client.machine import MachineVerbs
from core.errors import RunError, SearchError
from core.records.runs import ACTIVE_STATES
from core.records.searches import SearchState

_log = logging.getLogger(__name__)


class HeldWorkVerbs(MachineVerbs):
    """A results folder that this user has not opened before starts nothing by itself."""

    def release_held_work(self) -> None:
        """Let it start, as everything that this lab gets later.

        Code of a person's own is still imported only where it is trusted. Raises DecisionsError
        when the decision cannot be stored.
        """
        from core.store.opened_labs import release

        release(self.settings, self.store.database)
        self.ensure_supervisor()

    def accept_links(self) -> None:
        """Open this results folder from now on although it holds links or special files.

        What the lab writes through them changes files elsewhere. Raises DecisionsError when the
        decision cannot be stored.
        """
        from core.store.opened_labs import accept_links

        accept_links(self.settings)

    def stop_held_work(self) -> None:
        """Take its runs out of the queue and pause its searches; each can be resumed later.

        Raises DecisionsError when the decision cannot be stored; then all is stopped already.
        """
        for search in self.store.searches.list():
            if search.state is SearchState.RUNNING:
                _unless_ended(self.store.searches.pause, search.id)
        for run in self.store.runs.list(states=ACTIVE_STATES):
            _unless_ended(self.store.runs.request_stop, run.id)
        self.release_held_work()


def _unless_ended(verb: Callable[[str], object], key: str) -> None:
    try:
        verb(key)
    except (RunError, SearchError) as error:
        # Somebody else was quicker: it does not wait any more.
        _log.info("%s: %s", key, error)
