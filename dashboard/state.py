"""What every page shares: the lab's client, the address, the session and the clock.

The address holds what a link must restore (``?run=ID``, ``?runs=a,b`` and a page's own view);
the session holds what is only this visitor's (a half-filled form); nothing lives in a module.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.client import Client
from core.errors import AddressRefused, ConvscopeError, StoreGone, SupervisorUnavailable
from core.models.summary import Summary
from core.records.runs import Run, RunState
from core.settings import Settings
from core.spec.files import Preset, Stamp, preset_stamp
from dashboard.shared import failures

_HELD = "address/held"

# Seconds between two looks. A finished epoch must be on the curve within 2 s, so the quickest
# pace is well below; it slows down while nothing changes and ends when nothing can.
TRAINING_S = 0.7
CALM_S = 1.5
QUIET_S = 5.0
_CALM_AFTER_S = 20.0
_QUIET_AFTER_S = 120.0
_LAST_LOOKS_S = 10.0
_SUPERVISOR_EVERY_S = 20.0
"""One that is killed again and again is not replaced more often."""
_MOST_BUSY = 2.0
"""Between two looks stands at least so many times what drawing costs."""

T = TypeVar("T")
_PAGES = Path(__file__).resolve().with_name("pages")
_log = logging.getLogger(__name__)


def client() -> Client:
    """The lab. One for all visitors of this process; settings come from the environment."""
    return _client(Settings.from_environment())


@st.cache_resource(show_spinner=False)
def _client(settings: Settings) -> Client:
    _refuse_a_page_by_itself()
    return Client(settings)


def _refuse_a_page_by_itself() -> None:
    """AddressRefused when a page's file was started as an app: nothing would guard it."""
    context = get_script_run_ctx()
    if context is not None and _PAGES in Path(context.main_script_path).resolve().parents:
        raise AddressRefused(
            f"{Path(context.main_script_path).name} is one page of the lab and no app. Start "
            "the lab with `convscope serve`."
        )


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
    """Read every run again, as after the loss of the database: revisions of another one differ."""
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
        with suppress(ConvscopeError):  # its card does without these figures
            found[preset.name] = client().experiments.describe(preset.experiment)
    return found


def asked_run() -> str | None:
    """The run that the address names, ``?run=ID``; None when it names none."""
    return st.query_params.get("run") or None


def asked_runs() -> list[str]:
    """The runs that the address names, ``?runs=a,b``, without repeats, in their order."""
    text = st.query_params.get("runs", "")
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def asked(name: str, default: str = "", *, choices: Iterable[str] | None = None) -> str:
    """Another part of the address; the default where it is missing or not one of ``choices``."""
    value = st.query_params.get(name, default)
    return value if choices is None or value in set(choices) else default


def remember(**parts: str | Iterable[str] | None) -> None:
    """Keep parts of the view in the address: lists joined by commas, None or empty left out."""
    for name, value in parts.items():
        text = value if isinstance(value, str) or value is None else ",".join(value)
        if not text:
            st.query_params.pop(name, None)
        elif st.query_params.get(name) != text:
            st.query_params[name] = text


def hold_address(page: str, parts: Iterable[str]) -> None:
    """Write the parts that a link to ``page`` carried into the browser's address.

    A link from a page to itself does not (Streamlit 1.67 writes it for another page only): what it
    asks for comes once, and the next drawing would ask for what stood there before.
    """
    linked = [st.query_params.get(name) for name in parts]
    before = st.session_state.get(_HELD)
    st.session_state[_HELD] = (page, linked)
    if before is not None and before[0] == page and before[1] != linked:
        st.query_params.update()  # changes nothing, and sends the whole address


def session(name: str, make: Callable[[], T]) -> T:
    """A value of this visitor, kept from page to page; made on first use."""
    if name not in st.session_state:
        st.session_state[name] = make()
    value: T = st.session_state[name]
    return value


@dataclass
class Clock:
    """When a live part of a page last saw something change. Seconds of ``time.monotonic``."""

    seen: Any = None
    changed_at: float = 0.0
    draw_s: float = 0.0
    """What drawing costs: thousands of runs must not keep the page busy with itself."""

    def look(self, seen: Any, now: float) -> None:
        """Note what is there now."""
        if seen != self.seen:
            self.seen, self.changed_at = seen, now

    def drawn(self, seconds: float) -> None:
        """Note what drawing cost; a single quick one does not make a slow part quick."""
        self.draw_s = max(seconds, 0.8 * self.draw_s)

    def every(self, *, active: bool, training: bool, now: float) -> float | None:
        """Seconds until the next drawing; None: nothing is at work that could change anything."""
        unchanged_s = now - self.changed_at
        if not active and unchanged_s >= _LAST_LOOKS_S:
            return None
        if unchanged_s >= _QUIET_AFTER_S or self.draw_s > CALM_S / _MOST_BUSY:
            return QUIET_S
        # A few more looks after the end, as a lost run may be queued again by the supervisor, and
        # at the same pace, whether another run comes next or none: another pace draws the whole
        # page again, and while that begins Streamlit may lose a click on another page. When a run
        # has ended, people click.
        is_waiting = active and not training and unchanged_s >= _LAST_LOOKS_S
        if is_waiting or unchanged_s >= _CALM_AFTER_S or self.draw_s > TRAINING_S / _MOST_BUSY:
            return CALM_S
        return TRAINING_S


def live(
    key: str,
    draw: Callable[[], None],
    *,
    busy: Callable[[], bool] = lambda: False,
    wakes: bool = False,
) -> None:
    """Draw a part of a page, and again as the lab changes.

    The pace follows the lab: 0.7 s while a run trains and in the seconds after, then 1.5 s and 5 s
    as nothing changes or drawing is slow, and none when everything is finished. ``busy`` keeps it
    going for work that is no run (a download). ``wakes`` is for lists, where what others launch
    appears: with everything finished they still ask whether anything changed, and draw the page
    again when it did. Errors of the lab are shown as their sentence inside the part.
    """
    clock = session(f"clock/{key}", Clock)
    every = _look(clock, busy)
    is_first = True

    def tick() -> None:
        nonlocal is_first
        started_at = time.monotonic()
        failures.show_recent(key, started_at)
        with _shown():
            draw()
        clock.drawn(time.monotonic() - started_at)
        # The pace belongs to the fragment's registration: a new one wants a run of the page.
        with _shown():
            if not is_first and _look(clock, busy) != every:
                st.rerun()
        is_first = False

    st.fragment(tick, run_every=every)()
    if every is None and wakes:
        _wake_on_change(clock)


def while_busy(draw: Callable[[], None], busy: Callable[[], bool]) -> None:
    """Draw a part of a form's page, and again while something is ``busy`` that it tells of.

    It does not follow the lab as `live` does: each new pace of that draws the whole page again, and
    a form that is drawn again by itself may lose numbers on their way to a slow browser.
    """
    was_busy = busy()
    is_first = True

    def tick() -> None:
        nonlocal is_first
        failures.show_recent("busy", time.monotonic())
        with _shown():
            draw()
            if not is_first and busy() != was_busy:
                st.rerun()
        is_first = False

    st.fragment(tick, run_every=CALM_S if was_busy else None)()


@contextmanager
def _shown() -> Iterator[None]:
    """Errors as sentences in their part; a lost database concerns the whole page."""
    with failures.shown():
        try:
            yield
        except StoreGone:
            st.rerun()


def _wake_on_change(clock: Clock) -> None:
    """Draw the page again when something changes after all, as a launch from a command line does.

    It draws nothing itself: a look costs one small query.
    """

    def look() -> None:
        with _shown():
            if client().revision() != clock.seen:
                st.rerun()

    st.fragment(look, run_every=QUIET_S)()


def _look(clock: Clock, busy: Callable[[], bool]) -> float | None:
    lab, now = client(), time.monotonic()
    clock.look(lab.revision(), now)
    active = lab.runs.list(states=[RunState.QUEUED, RunState.RUNNING, RunState.STOPPING])
    at_work = bool(active) or busy()
    # A search whose controller died with the supervisor has no run that would show it.
    if at_work and lab.machine.supervisor().needs_successor:
        _replace_supervisor(lab.settings)
    return clock.every(active=at_work, training=_any_at_work(active), now=now)


@st.cache_resource(show_spinner=False, ttl=_SUPERVISOR_EVERY_S)
def _replace_supervisor(settings: Settings) -> None:
    # In the background: one that does not respond gets some seconds to show life after all.
    threading.Thread(target=_ensure_supervisor, args=(settings,), daemon=True).start()


def _ensure_supervisor(settings: Settings) -> None:
    # Without one, queued runs wait for ever and a dead trainer's run stays "running".
    try:
        _client(settings).machine.ensure_supervisor()
    except SupervisorUnavailable as error:
        _log.warning("%s", error)  # the Overview says so too, and offers to try again


def _any_at_work(runs: Iterable[Run]) -> bool:
    return any(run.state is not RunState.QUEUED for run in runs)
