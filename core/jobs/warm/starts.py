"""A supervisor's warm process: kept while a search can use it, asked for trainers, never relied on.

A trial is short, and without it a third of its time is Python importing TensorFlow and Keras.
Whatever goes wrong with the warm process, trainers are started as they are without it, and those
that it has forked already go on as if a predecessor had started them.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from core.jobs.devices import CPU
from core.jobs.launch import device_environment, open_log, start_module
from core.records.runs import Run
from core.records.searches import SearchRecord
from core.settings import Settings

ANSWER_S = 2.0
"""A warm process that is ready and silent for so long is ended."""
READY_S = 45.0
"""So long it may import; trials wait for it, as starting them without it takes as long."""
MAX_DEATHS = 3
"""Then the searches at work go on without one."""
EXIT_UNFIT = 3
"""Here it has threads that a fork would not survive, and so would the next one."""
EXIT_OUTDATED = 4
"""It ended because the lab's code was changed."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class WarmTrainer:
    """A trainer that was asked for: what `subprocess.Popen` is to one started directly."""

    run: Run
    slot: str
    cpu_slots: int
    asked_at: float
    pid: int | None = None
    exit_code: int | None = None

    def poll(self) -> int | None:
        """Its exit code; None while it runs or is about to."""
        return self.exit_code


@dataclass(frozen=True)
class _Line:
    """A warm process and our ends of its input and output."""

    process: subprocess.Popen[bytes]
    requests: int
    answers: int
    started_at: float


@dataclass(frozen=True)
class News:
    """What has changed since the last look."""

    started: Sequence[tuple[WarmTrainer, int]] = ()
    """With their process ids."""
    left: Sequence[WarmTrainer] = ()
    """Those that nobody tells of any more; without a process id they were never started."""


class WarmStarts:
    """One supervisor's warm process, or none."""

    def __init__(self, settings: Settings) -> None:
        self.answer_s = ANSWER_S
        self._settings = settings
        self._line: _Line | None = None
        self._trainers: list[WarmTrainer] = []
        self._unread = b""
        self._ready_at: float | None = None
        self._deaths = 0

    @property
    def pid(self) -> int | None:
        """Of the warm process, for whoever looks for it."""
        return self._line.process.pid if self._line else None

    def keep(self, searches: Sequence[SearchRecord]) -> None:
        """Start one when a search at work can use it, end it when none can."""
        if not any(_fits(each.config["base"]) for each in searches):
            self._deaths = 0
            # While it is busy, somebody has to take note of exit codes.
            if not self._trainers:
                self.end()
        elif self._line is None and self._deaths < MAX_DEATHS:
            self._begin()

    def take(self, run: Run, slot: str, cpu_slots: int) -> WarmTrainer | None:
        """Ask for a run's trainer; None when it has to be started without."""
        if self._line is None or slot != CPU or run.search_id is None or not _fits(run.config):
            return None
        request = {
            "run": run.id,
            "attempt": run.attempt,
            "log": str(open_log(self._settings, run, slot)),
            "environment": device_environment(slot, cpu_slots),
        }
        try:
            os.write(self._line.requests, json.dumps(request).encode() + b"\n")
        except OSError:
            return None  # the next look will find it dead
        self._trainers.append(WarmTrainer(run, slot, cpu_slots, time.monotonic()))
        return self._trainers[-1]

    def look(self) -> News:
        """Hear what the warm process has to tell. Never waits."""
        if self._line is None:
            return News()
        # Asked first: what it told before it died is heard below.
        code = self._line.process.poll()
        told = self._answers(self._line)
        started = [each for each in map(self._hear, told) if each is not None]
        if code is None and not self._is_late(self._line):
            return News(started)
        how = "is late" if code is None else f"ended with code {code}"
        _log.warning("the warm process %d %s", self._line.process.pid, how)
        if code != EXIT_OUTDATED:
            self._deaths += MAX_DEATHS if code == EXIT_UNFIT else 1
        left = self._trainers
        self.end()
        return News(started, left)

    def end(self) -> None:
        """End it at once: it has nothing to save, and its children live on."""
        if self._line is None:
            return
        self._line.process.kill()
        self._line.process.wait()
        os.close(self._line.requests)
        os.close(self._line.answers)
        self._line, self._trainers = None, []

    def _begin(self) -> None:
        environment = self._settings.to_environment() | device_environment(CPU, 1)
        log = self._settings.results / "supervisor.log"
        its_input, requests = os.pipe()
        answers, its_output = os.pipe()
        pipes = its_input, its_output
        try:
            process = start_module(["core.jobs.warm.process"], log, environment, pipes=pipes)
        except OSError as error:
            _log.warning("no warm process: %s", error)
            self._deaths += 1
            os.close(requests)
            os.close(answers)
            return
        finally:
            os.close(its_input)
            os.close(its_output)
        os.set_blocking(answers, False)
        self._line = _Line(process, requests, answers, time.monotonic())
        self._unread, self._ready_at = b"", None
        _log.info("warm process started as %d", process.pid)

    def _answers(self, line: _Line) -> list[dict[str, Any]]:
        try:
            told = os.read(line.answers, 65536)
        except BlockingIOError:
            return []
        *lines, self._unread = (self._unread + told).split(b"\n")
        return [json.loads(each) for each in lines]

    def _hear(self, answer: dict[str, Any]) -> tuple[WarmTrainer, int] | None:
        """The trainer that was started, if this is what it tells."""
        if "ready" in answer:
            self._ready_at = time.monotonic()
        for trainer in self._trainers:
            if "exit" in answer and trainer.pid == answer["pid"]:
                trainer.exit_code = answer["exit"]
                self._trainers.remove(trainer)
                return None
            if (trainer.run.id, trainer.run.attempt) == (answer.get("run"), answer.get("attempt")):
                trainer.pid = int(answer["pid"])
                return trainer, trainer.pid
        return None

    def _is_late(self, line: _Line) -> bool:
        now = time.monotonic()
        if self._ready_at is None:
            return now - line.started_at > READY_S
        asked = [each.asked_at for each in self._trainers if each.pid is None]
        return any(now - max(each, self._ready_at) > self.answer_s for each in asked)


def _fits(experiment: Mapping[str, Any]) -> bool:
    """Whether it runs on the engine that is known to survive a fork before it is used.

    Code of a person's own may do at its import whatever it likes: it gets a fresh interpreter.
    Read as it is stored, for a supervisor is too light to parse experiments.
    """
    if sys.platform != "linux" or experiment.get("model", {}).get("own") is not None:
        return False
    engine = experiment.get("training", {}).get("engine", "auto")
    # It comes first where the engine is chosen by itself.
    return engine in {"auto", "tensorflow"} and find_spec("tensorflow") is not None
