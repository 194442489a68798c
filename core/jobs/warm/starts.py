"""The supervisor's warm process: it starts the trainers of a search faster.

A trial is short, and a third of its time is the import of TensorFlow and Keras. The warm process
has imported them and forks trainers. When it fails, trainers are started without it, and those that
it has forked continue.
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
"""A warm process that is ready and does not answer for this long is ended."""
READY_S = 45.0
"""The time that its imports may take; trials wait for it, because they would take as long."""
MAX_DEATHS = 3
"""After this many the active searches continue without a warm process."""
EXIT_UNFIT = 3
"""It has threads, so it must not fork; the next one would have them, too."""
EXIT_OUTDATED = 4
"""It ended because the code has changed."""

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class WarmTrainer:
    """A trainer that the warm process starts, with the `poll` of `subprocess.Popen`."""

    run: Run
    slot: str
    cpu_slots: int
    requested_at: float
    pid: int | None = None
    exit_code: int | None = None

    def poll(self) -> int | None:
        """Its exit code; None before it starts and while it runs."""
        return self.exit_code


@dataclass(frozen=True)
class _Line:
    """A warm process and our ends of its input and output."""

    process: subprocess.Popen[bytes]
    requests: int
    answers: int
    started_at: float


@dataclass(frozen=True)
class WarmChanges:
    """What has changed since the last poll."""

    started: Sequence[tuple[WarmTrainer, int]] = ()
    """With their process ids."""
    left: Sequence[WarmTrainer] = ()
    """Trainers of a warm process that has ended; those without a process id never started."""


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
        """Of the warm process; None when there is none."""
        return self._line.process.pid if self._line else None

    def keep(self, searches: Sequence[SearchRecord]) -> None:
        """Start a warm process when an active search can use it, end it when none can."""
        if not any(_fits(each.config["base"]) for each in searches):
            self._deaths = 0
            # While it has trainers it must report their exit codes.
            if not self._trainers:
                self.end()
        elif self._line is None and self._deaths < MAX_DEATHS:
            self._begin()

    def take(self, run: Run, slot: str, cpu_slots: int) -> WarmTrainer | None:
        """Request a run's trainer; None when it must be started without the warm process."""
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
            return None  # the next poll finds that it has ended
        self._trainers.append(WarmTrainer(run, slot, cpu_slots, time.monotonic()))
        return self._trainers[-1]

    def poll(self) -> WarmChanges:
        """Read the answers of the warm process. Never waits."""
        if self._line is None:
            return WarmChanges()
        # Polled first: answers from before its end are read below.
        code = self._line.process.poll()
        answers = self._answers(self._line)
        started = [each for each in map(self._apply, answers) if each is not None]
        if code is None and not self._is_late(self._line):
            return WarmChanges(started)
        how = "is late" if code is None else f"ended with code {code}"
        _log.warning("the warm process %d %s", self._line.process.pid, how)
        if code != EXIT_OUTDATED:
            self._deaths += MAX_DEATHS if code == EXIT_UNFIT else 1
        left = self._trainers
        self.end()
        return WarmChanges(started, left)

    def end(self) -> None:
        """Kill it: it has nothing to save, and its trainers continue."""
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
            received = os.read(line.answers, 65536)
        except BlockingIOError:
            return []
        *lines, self._unread = (self._unread + received).split(b"\n")
        return [json.loads(each) for each in lines]

    def _apply(self, answer: dict[str, Any]) -> tuple[WarmTrainer, int] | None:
        """Update the trainer that an answer is about; it and its process id if it has started."""
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
        requested = [each.requested_at for each in self._trainers if each.pid is None]
        return any(now - max(each, self._ready_at) > self.answer_s for each in requested)


def _fits(experiment: Mapping[str, Any]) -> bool:
    """Whether an experiment uses an engine that can be imported before a fork.

    Code of a person's own may do anything when it is imported: it gets a fresh interpreter.
    Read as it is stored, for a supervisor is too light to parse experiments.
    """
    if sys.platform != "linux" or experiment.get("model", {}).get("own") is not None:
        return False
    engine = experiment.get("training", {}).get("engine", "auto")
    # It comes first where the engine is chosen by itself.
    return engine in {"auto", "tensorflow"} and find_spec("tensorflow") is not None
