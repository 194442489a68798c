"""The client's side of the Keras process: starts it for the first prediction, sends requests.

The dashboard stays light: engines, their memory and their crashes live in that process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from core.errors import ModelReplaced, PredictionUnavailable
from core.files import open_regular
from core.inference.frames import ConnectionEnded, read_frame, write_frame
from core.settings import PROJECT_ROOT, Settings
from core.spec.training import Engine

FIRST_REPLY_S = 180.0
"""The first reply waits for the engine, which took a minute to load on a busy machine."""

REPLY_S = 60.0


@dataclass(frozen=True)
class ModelSource:
    """What the Keras process needs to rebuild one model.

    ``input_shape`` is (height, width, channels).
    """

    run_id: str
    config: dict[str, Any]
    weights: Path
    sha256: str
    input_shape: tuple[int, int, int]
    num_classes: int

    def to_header(self) -> dict[str, Any]:
        """The request's JSON."""
        return {
            "run_id": self.run_id,
            "config": self.config,
            "weights": str(self.weights),
            "sha256": self.sha256,
            "input_shape": self.input_shape,
            "num_classes": self.num_classes,
        }


class KerasProcess:
    """One engine in a process of its own. Threads may share it; they take turns."""

    def __init__(self, settings: Settings, engine: Engine, idle_s: float | None = None) -> None:
        self._settings = settings
        self._engine = engine
        self._idle_s = idle_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def predict(self, source: ModelSource, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Class probabilities (N, classes) of images (N, H, W, C).

        A process that died is started again, once. Raises PredictionUnavailable, and
        ModelReplaced when the file of ``source`` has been replaced.
        """
        with self._lock:
            try:
                return self._send(source, images)
            except (ConnectionEnded, BrokenPipeError):
                self._end()
            try:
                return self._send(source, images)
            except (ConnectionEnded, BrokenPipeError) as error:
                self._end()
                raise PredictionUnavailable(
                    f"The Keras process ended or did not reply in time. Its log is {self.log_path}."
                ) from error

    @property
    def pid(self) -> int | None:
        """The living process' id, None when there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    @property
    def log_path(self) -> Path:
        """Where the process logs to."""
        return self._settings.results / f"keras-{self._engine}.log"

    def close(self) -> None:
        """End the process. The next prediction starts it again."""
        with self._lock:
            self._end()

    def _send(self, source: ModelSource, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        fresh = self.pid is None
        process = self._start() if fresh else self._process
        if process is None:
            raise ConnectionEnded
        # Killing a process that hangs ends the read from its pipe, on every system.
        watchdog = threading.Timer(FIRST_REPLY_S if fresh else REPLY_S, process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            write_frame(cast(BinaryIO, process.stdin), source.to_header(), images)
            reply, probabilities = read_frame(cast(BinaryIO, process.stdout))
        finally:
            watchdog.cancel()
        if reply["error"] is not None or probabilities is None:
            kind = ModelReplaced if reply["is_replaced"] else PredictionUnavailable
            raise kind(
                f"The model of run {source.run_id[:8]} could not be loaded: {reply['error']}"
            )
        return probabilities

    def _start(self) -> subprocess.Popen[bytes]:
        self._end()
        self._settings.results.mkdir(parents=True, exist_ok=True)
        idle = [] if self._idle_s is None else [str(self._idle_s)]
        with self._open_log() as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "core.inference.keras_server", self._engine, *idle],
                cwd=PROJECT_ROOT,
                env={**os.environ, **self._settings.to_environment(), **_CPU_ONLY},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl+C at the dashboard's terminal must not end it: it ends with its pipe.
                start_new_session=True,
            )
        return self._process

    def _open_log(self) -> BinaryIO:
        try:
            return cast(BinaryIO, open(self.log_path, "wb", opener=open_regular))
        except OSError as error:
            raise PredictionUnavailable(
                f"The Keras process cannot write its log {self.log_path} ({error}). Expected a "
                "writable folder, and a regular file or no file in it."
            ) from error

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                _close(pipe)


# The trainers use the GPUs: a prediction that takes their memory could end a run, and on the CPU
# it takes milliseconds.
_CPU_ONLY = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "2"}


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        # The buffered rest was for a process that is gone.
        return
