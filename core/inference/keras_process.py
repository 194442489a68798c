"""A Keras process of one's own: started when first asked, asked again over pipes.

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

from core.errors import NetworkReplaced, PredictionUnavailable
from core.files import open_regular
from core.inference.frames import ConnectionEnded, read_frame, write_frame
from core.settings import PROJECT_ROOT, Settings
from core.spec.training import Engine

START_AND_ANSWER_S = 180.0
"""A first answer loads the engine, which took a minute on a busy machine."""

ANSWER_S = 60.0


@dataclass(frozen=True)
class Network:
    """What the Keras process needs to rebuild one network.

    ``input_shape`` is (height, width, channels).
    """

    run_id: str
    config: dict[str, Any]
    weights: Path
    sha256: str
    input_shape: tuple[int, int, int]
    num_classes: int

    def to_header(self) -> dict[str, Any]:
        """The question's JSON."""
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
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def predict(self, network: Network, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Class probabilities (N, classes) of images (N, H, W, C).

        A process that died is started again, once. Raises PredictionUnavailable, and
        NetworkReplaced when ``network`` is not what its file holds by now.
        """
        with self._turn:
            try:
                return self._ask(network, images)
            except (ConnectionEnded, BrokenPipeError):
                self._end()
            try:
                return self._ask(network, images)
            except (ConnectionEnded, BrokenPipeError) as error:
                self._end()
                raise PredictionUnavailable(
                    "The Keras process ended or gave no answer in time. "
                    f"What it said last is in {self.log_path}."
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
        """End the process. It may be asked again and is then started anew."""
        with self._turn:
            self._end()

    def _ask(self, network: Network, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        fresh = self.pid is None
        process = self._start() if fresh else self._process
        if process is None:
            raise ConnectionEnded
        # Killing is what ends a read from a process that hangs, on every system alike.
        watchdog = threading.Timer(START_AND_ANSWER_S if fresh else ANSWER_S, process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            write_frame(cast(BinaryIO, process.stdin), network.to_header(), images)
            reply, probabilities = read_frame(cast(BinaryIO, process.stdout))
        finally:
            watchdog.cancel()
        if reply["error"] is not None or probabilities is None:
            kind = NetworkReplaced if reply["is_replaced"] else PredictionUnavailable
            raise kind(
                f"The network of run {network.run_id[:8]} could not be loaded: {reply['error']}"
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
                env={**os.environ, **self._settings.to_environment(), **_MODEST},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl+C at the dashboard's terminal is not for it: it ends with its pipe.
                start_new_session=True,
            )
        return self._process

    def _open_log(self) -> BinaryIO:
        try:
            return cast(BinaryIO, open(self.log_path, "wb", opener=open_regular))
        except OSError as error:
            raise PredictionUnavailable(
                f"The Keras process cannot write its log ({error}). Expected a regular file, or "
                f"none, in a folder that may be written to: {self.log_path}."
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


# The trainers own the GPUs: a prediction on the CPU takes milliseconds, one that takes their
# memory could end a run.
_MODEST = {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "2"}


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        # What was still buffered was for a process that is gone.
        return
