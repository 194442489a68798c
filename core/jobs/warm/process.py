"""The warm process: TensorFlow and Keras imported once, a child forked from it for each trial.

`python -m core.jobs.warm.process` is started by the supervisor while a search runs (see
`core.jobs.warm.starts`) and talks to it over its own input and output, a line of JSON each: it is
asked for trainers, tells their process ids, and later how they ended. It ends when its input does.

A trainer still runs exactly one run and takes everything with it when it ends. What it inherits
are imported modules and nothing else: the engine's runtime starts threads, which a fork does not
survive, so that this process refuses to fork unless its one thread is alone.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import os
import select
import signal
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import psutil

from core.jobs import logs
from core.jobs.launch import leave
from core.jobs.warm.starts import EXIT_OUTDATED, EXIT_UNFIT
from core.settings import PROJECT_ROOT
from core.spec.training import Engine
from core.training.engine import select_engine

_ONE_THREAD = {
    # Of NumPy's BLAS, which training does not use.
    "OPENBLAS_NUM_THREADS": "1",
    # Of pyarrow's allocator; pandas brings it, Keras brings pandas.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


class Warm:
    """Serves one supervisor. ``environment`` is the one that trainers begin with."""

    def __init__(self, requests: int, answers: int, environment: Mapping[str, str]) -> None:
        self._requests, self._answers = requests, answers
        self._environment = dict(environment)
        self._wake, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        self._unread = b""

    def serve(self) -> int:
        """Fork trainers until the supervisor goes; the exit code says why it ended."""
        stamp = _code_stamp()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._waker)
        waiting = select.poll()
        waiting.register(self._requests, select.POLLIN)
        waiting.register(self._wake, select.POLLIN)
        self._answer(ready=True)
        while True:
            events = dict(waiting.poll())
            if events.get(self._requests, 0) & (select.POLLHUP | select.POLLERR):
                return 0  # the next supervisor starts the last requested trainer
            if self._wake in events:
                os.read(self._wake, 4096)
                self._reap()
            for request in self._read() if self._requests in events else []:
                if stamp != _code_stamp():
                    return EXIT_OUTDATED
                if psutil.Process().num_threads() != 1:
                    return _unfit()
                self._start(request)

    def _read(self) -> list[dict[str, Any]]:
        *lines, self._unread = (self._unread + os.read(self._requests, 65536)).split(b"\n")
        return [json.loads(line) for line in lines]

    def _start(self, request: dict[str, Any]) -> None:
        pid = os.fork()
        if pid == 0:
            self._become_trainer(request)
        self._answer(run=request["run"], attempt=request["attempt"], pid=pid)

    def _become_trainer(self, request: dict[str, Any]) -> NoReturn:
        """Run the trainer in this forked child, as `start_trainer` does in a new process."""
        code = 1
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for each in (self._requests, self._answers, self._wake, self._waker):
                os.close(each)
            _redirect(Path(request["log"]))
            os.environ.clear()
            os.environ.update(self._environment | request["environment"])
            logging.getLogger().handlers.clear()
            # Python seeds its own generator after a fork; NumPy's would be the same in each child.
            sys.modules["numpy"].random.seed()
            arguments = ["--run", request["run"], "--attempt", str(request["attempt"])]
            code = sys.modules["core.jobs.execute"].main(arguments)
        # After any error it must not continue as a second warm process.
        except BaseException:  # noqa: BLE001
            traceback.print_exc()
        leave(code)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._answer(pid=pid, exit=os.waitstatus_to_exitcode(status))

    def _answer(self, **answer: Any) -> None:
        os.write(self._answers, json.dumps(answer).encode() + b"\n")


def main() -> int:
    """`python -m core.jobs.warm.process`: import the engine, then serve."""
    environment = dict(os.environ)
    # Before NumPy is imported, which reads it then.
    os.environ.update(_ONE_THREAD)
    # Output of libraries must not reach the supervisor.
    requests, answers = os.dup(0), os.dup(1)
    os.dup2(2, 1)
    select_engine(Engine.TENSORFLOW)
    for name in ("core.jobs.execute", "core.training.session"):
        importlib.import_module(name)
    if psutil.Process().num_threads() != 1:
        return _unfit()
    # Collections in a trainer would otherwise touch, and so copy, every page that it shares.
    gc.collect()
    gc.freeze()
    try:
        return Warm(requests, answers, environment).serve()
    except BrokenPipeError:
        return 0  # the supervisor has just gone


def _unfit() -> int:
    sys.stderr.write("The warm process has threads, so trainers start without it.\n")
    return EXIT_UNFIT


def _redirect(log: Path) -> None:
    """Input from nowhere, output to the end of the run's log."""
    with Path(os.devnull).open("rb") as nothing, logs.open_to_append(log) as output:
        os.dup2(nothing.fileno(), 0)
        for target in (1, 2):
            os.dup2(output.fileno(), target)


def _code_stamp() -> int:
    """When the lab's own code that is loaded here was last changed, in nanoseconds."""
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    core = str(PROJECT_ROOT / "core") + os.sep
    return max(Path(file).stat().st_mtime_ns for file in files if file and file.startswith(core))


if __name__ == "__main__":
    sys.exit(main())
