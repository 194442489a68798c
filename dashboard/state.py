"""What every page shares: the client, cached reads, the address, the session, live parts.

The address holds what a link must restore (``?run=ID``, ``?runs=a,b`` and a page's own view). The
session holds what belongs to one visitor, such as a half-filled form. Modules hold no state: all
visitors share them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import streamlit as st

from core.client import Client
from core.errors import ConvscopeError, StoreGone, SupervisorUnavailable
from core.models.summary import Summary
from core.records.runs import Run, RunState
from core.settings import Settings
from core.spec.files import Preset, Stamp, preset_stamp
from dashboard.clock import CALM_S, QUIET_S, Clock
from dashboard.shared import failures
from dashboard.streamlit_workarounds import fragment_pace, single_page_app

_SUPERVISOR_EVERY_S = 20.0
"""The least time between two replacements, for a supervisor that is killed repeatedly."""

T = TypeVar("T")
_PAGES = Path(__file__).resolve().with_name("pages")
_log = logging.getLogger(__name__)


def client() -> Client:
    """The client, one for all visitors of this process. Settings come from the environment."""
    return _client(Settings.from_environment())


@st.cache_resource(show_spinner=False)
def _client(settings: Settings) -> Client:
    single_page_app.refuse(_PAGES)
    return Client(settings)


def runs(*, include_archived: bool = False) -> tuple[Run, ...]:
    """Every run, newest first. Read again only when the lab changed: there may be thousands."""
    settings = Settings.from_environment()
    return _runs(settings, client().revision(), include_archived)


@st.cache_resource(show_spinner=False, max_entries=4)
def _runs(settings: Settings, revision: int, include_archived: bool) -> tuple[Run, ...]:
    return tuple(reversed(_client(settings).runs.list(include_archived=include_archived)))


def last_metrics() -> Mapping[str, Mapping[str, float]]:
    """The last finished epoch of every run, by run id and ``split name``."""
    return _last_metrics(Settings.from_environment(), client().revision())


@st.cache_resource(show_spinner=False, max_entries=2)
def _last_metrics(settings: Settings, revision: int) -> Mapping[str, Mapping[str, float]]:
    return _client(settings).metrics.last()


def forget_runs() -> None:
    """Read every run again, also where the revision is the same: for another database."""
    _runs.clear()
    _last_metrics.clear()


def presets() -> tuple[Preset, ...]:
    """Every preset that ships with the lab, by name. Read again only when a file changed."""
    return _presets(preset_stamp())


@st.cache_resource(show_spinner=False, max_entries=2)
def _presets(stamp: Stamp) -> tuple[Preset, ...]:
    return tuple(client().experiments.presets())


def preset_summaries() -> Mapping[str, Summary]:
    """The layers of every preset that fits its data set, by the preset's name."""
    return _preset_summaries(preset_stamp())


@st.cache_resource(show_spinner=False, max_entries=2)
def _preset_summaries(stamp: Stamp) -> Mapping[str, Summary]:
    found = {}
    for preset in _presets(stamp):
        with suppress(ConvscopeError):  # the preset's card is shown without these figures
            found[preset.name] = client().experiments.describe(preset.experiment)
    return found


def asked_run() -> str | None:
    """The run id in the address, ``?run=ID``; None without one."""
    return st.query_params.get("run") or None


def asked_runs() -> list[str]:
    """The run ids in the address, ``?runs=a,b``, without repeats, in their order."""
    text = st.query_params.get("runs", "")
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def asked(name: str, default: str = "", *, choices: Iterable[str] | None = None) -> str:
    """A query parameter; the default where it is missing or not one of ``choices``."""
    value = st.query_params.get(name, default)
    return value if choices is None or value in set(choices) else default


def remember(**parts: str | Iterable[str] | None) -> None:
    """Write the view into the address. Lists are joined by commas, None and empty ones removed."""
    for name, value in parts.items():
        text = value if isinstance(value, str) or value is None else ",".join(value)
        if not text:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != text:
            st.query_params[name] = text


def session(name: str, make: Callable[[], T]) -> T:
    """A value of this visitor that all pages share. ``make`` is called on first use."""
    if name not in st.session_state:
        st.session_state[name] = make()
    value: T = st.session_state[name]
    return value


def live(
    key: str,
    draw: Callable[[], None],
    *,
    busy: Callable[[], bool] = lambda: False,
    wakes: bool = False,
) -> None:
    """Draw a part of a page, and again as the lab changes.

    The pace is that of `Clock.interval`: every 0.7 s while a run trains, never when everything is
    finished. ``busy``: whether work other than a run is going on, such as a download; the part is
    drawn again until it ends. ``wakes``: with everything finished, check every 5 s whether
    something changed, and draw the page again then; for lists, where runs that others launch
    appear. Errors of the lab are shown as their sentence inside the part.
    """
    clock = session(f"clock/{key}", Clock)
    every = _interval(clock, busy)

    def draw_timed() -> None:
        started_at = time.monotonic()
        failures.show_recent(key, started_at)
        with _errors_shown():
            draw()
        clock.add_drawing(time.monotonic() - started_at)

    def has_new_pace() -> bool:
        now = every
        with _errors_shown():
            now = _interval(clock, busy)
        return now != every

    fragment_pace.repeat(draw_timed, every, has_new_pace)
    if every is None and wakes:
        _wake_on_change(clock)


def while_busy(draw: Callable[[], None], busy: Callable[[], bool]) -> None:
    """Draw a part of a form's page, and again while ``busy`` says that its work is going on.

    It does not follow the lab as `live` does: each new pace runs the whole page, and a form whose
    page runs without a click may lose values on their way to a slow browser.
    """
    was_busy = busy()

    def draw_shown() -> None:
        failures.show_recent("busy", time.monotonic())
        with _errors_shown():
            draw()

    def has_changed() -> bool:
        is_busy = was_busy
        with _errors_shown():
            is_busy = busy()
        return is_busy != was_busy

    fragment_pace.repeat(draw_shown, CALM_S if was_busy else None, has_changed)


@contextmanager
def _errors_shown() -> Iterator[None]:
    """Errors as sentences in their part; the loss of the database concerns the whole page."""
    with failures.shown():
        try:
            yield
        except StoreGone:
            st.rerun()


def _wake_on_change(clock: Clock) -> None:
    """Draw the page again when something changes, as a launch from a command line does.

    It draws nothing itself: a check costs one small query.
    """

    def check() -> None:
        with _errors_shown():
            if client().revision() != clock.seen:
                st.rerun()

    st.fragment(check, run_every=QUIET_S)()


def _interval(clock: Clock, busy: Callable[[], bool]) -> float | None:
    lab, now = client(), time.monotonic()
    clock.update(lab.revision(), now)
    unfinished = lab.runs.list(states=[RunState.QUEUED, RunState.RUNNING, RunState.STOPPING])
    is_active = bool(unfinished) or busy()
    # A search whose controller died with the supervisor has no run that would show it.
    if is_active and lab.machine.supervisor().needs_successor:
        _replace_supervisor(lab.settings)
    is_training = any(run.state is not RunState.QUEUED for run in unfinished)
    return clock.interval(active=is_active, training=is_training, now=now)


@st.cache_resource(show_spinner=False, ttl=_SUPERVISOR_EVERY_S)
def _replace_supervisor(settings: Settings) -> None:
    # In a thread: a supervisor that does not respond gets some seconds to write a heartbeat.
    threading.Thread(target=_ensure_supervisor, args=(settings,), daemon=True).start()


def _ensure_supervisor(settings: Settings) -> None:
    # Without a supervisor, queued runs wait for ever and a dead trainer's run stays "running".
    try:
        _client(settings).machine.ensure_supervisor()
    except SupervisorUnavailable as error:
        _log.warning("%s", error)  # the Overview says so too, and offers to try again
