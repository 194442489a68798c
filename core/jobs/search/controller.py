"""A search's controller: one light process per running search, started by the supervisor.

`python -m core.jobs.search.controller --search ID --generation N` holds the search's lock from its
start to its end, asks the oracle for trials, queues their runs and stores their scores. It ends
when the search is paused or finished and no trial runs. Exit code 0: nothing is left to do; 3: a
newer controller owns the search; 4: its folder was moved or deleted; 5: the last controller's
process does not end; 6: the database is gone; other: an error, and the supervisor starts another
controller.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
import time
from collections.abc import Sequence

from filelock import Timeout

from core.errors import SearchNotFound, StaleController, StoreError, StoreGone
from core.jobs.launch import search_lock
from core.jobs.places import Place, folder_gone
from core.jobs.reporter import until_unlocked
from core.jobs.search.control import SearchControl
from core.processes import ProcessIdentity, exclusive_lock
from core.search.keras_stand_in import prepare
from core.settings import Settings
from core.store.store import Store

EXIT_DONE = 0
EXIT_STALE = 3
EXIT_FOLDER_GONE = 4
EXIT_LOCKED = 5
EXIT_STORE_GONE = 6
LOCK_TIMEOUT_S = 20.0
"""The last controller's process may still be ending."""
POLL_S = 0.2
"""Between two reads of the store's revision; one costs a tenth of a millisecond."""
HEARTBEAT_S = 5.0
"""It also takes a step this often without a change: a budget of hours runs out with time."""
RETRY_S = 2.0

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Control one search; the exit code is described above."""
    parser = argparse.ArgumentParser(prog="core.jobs.search.controller")
    parser.add_argument("--search", required=True)
    parser.add_argument("--generation", required=True, type=int)
    options = parser.parse_args(arguments)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    settings = Settings.from_environment()
    folder = settings.search_folder(options.search)
    if not folder.is_dir():
        # Before the lock and the store, which would make another one.
        _log.error("%s", folder_gone(folder))
        return EXIT_FOLDER_GONE
    lock = exclusive_lock(search_lock(settings, options.search))
    try:
        with lock.acquire(timeout=LOCK_TIMEOUT_S), Store.open(settings) as store:
            control(settings, store, options.search, options.generation, ended)
    except (StaleController, SearchNotFound) as error:
        _log.info("%s", error)
        return EXIT_STALE
    except StoreGone as error:
        _log.error("%s", error)
        return EXIT_STORE_GONE
    except Timeout:
        _log.error("The process of the last controller still holds the search's lock.")
        return EXIT_LOCKED
    return EXIT_DONE


def control(
    settings: Settings, store: Store, search_id: str, generation: int, ended: threading.Event
) -> None:
    """Be the controller until nothing is left to do. Raises StaleController for an old one."""
    me = ProcessIdentity.of_this_process()
    place = Place.of(settings.search_folder(search_id))
    until_unlocked(
        lambda: store.controllers.attach(
            search_id, generation, pid=me.pid, pid_created_at=me.created_at
        )
    )
    try:
        _step_regularly(settings, store, search_id, generation, ended, place)
    except (StaleController, SearchNotFound, StoreGone):
        raise
    # Any error: people must be able to read why the search failed.
    except Exception as error:  # noqa: BLE001
        if not place.is_kept():
            # No failure is stored: the search continues where its folder is now.
            _log.error("%s", folder_gone(place.path))
            return
        _log.exception("The search cannot continue.")
        sentence = f"It cannot continue ({type(error).__name__}: {error})"[:500]
        store.controllers.fail(search_id, generation, sentence)


def _step_regularly(
    settings: Settings,
    store: Store,
    search_id: str,
    generation: int,
    ended: threading.Event,
    place: Place,
) -> None:
    view = SearchControl(settings, store, search_id, generation)
    if view.search.algorithm.kind != "grid":
        prepare()
    seen, beat_at = -1, 0.0
    while not ended.is_set():
        if not place.is_kept():
            _log.error("%s", folder_gone(place.path))
            return
        try:
            revision = store.revision()
            if time.monotonic() >= beat_at:
                store.controllers.heartbeat(search_id, generation)
                beat_at, seen = time.monotonic() + HEARTBEAT_S, -1
            if revision != seen:
                if not view.step():
                    return
                # Noted last: the next step repeats what an error interrupted.
                seen = revision
        except StoreGone:
            raise
        except StoreError as error:
            # A full disk or a lock is temporary.
            _log.error("%s Trying again in %.0f s.", error, RETRY_S)
            ended.wait(RETRY_S)
        ended.wait(POLL_S)


if __name__ == "__main__":
    sys.exit(main())
