"""What a run's network makes of pictures: LiteRT where it can, else the Keras process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets import catalog
from core.errors import ArtifactCorrupt, ImageRefused, NetworkReplaced, PredictionUnavailable
from core.inference.images import Pixels, as_network_input, read_image
from core.inference.keras_process import KerasProcess, Network
from core.inference.litert import LiteRTNetworks
from core.inference.saved import SavedNetwork, keras_network, litert_network
from core.records.runs import Run, RunState
from core.settings import Settings
from core.spec import parse
from core.spec.training import Engine
from core.training.installed import installed_engines

_MOST_TRIES = 6
"""After so many tries the file is not being replaced, but damaged."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prediction:
    """What one network made of one picture."""

    image: str
    """The picture's name."""
    run_id: str
    epoch: int
    """The epoch of the network that answered: the best so far, or the last one exported."""
    seen: Pixels
    """The picture as the network saw it, uint8 (H, W, C)."""
    top: list[tuple[str, float]]
    """Class and probability, most probable first."""
    seconds: float
    """The network's time for this picture, loading left out."""
    engine: str
    """``litert`` or ``keras``."""


@dataclass(frozen=True)
class Refusal:
    """A picture that could not be read, and the sentence why."""

    image: str
    error: str


@dataclass(frozen=True)
class _Answerer:
    """A network that is ready to be asked."""

    epoch: int
    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int]
    engine: str
    ask: Callable[[NDArray[np.uint8]], NDArray[np.float32]]


class Predictor:
    """Answers for every run of one results folder. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._litert = LiteRTNetworks()
        self._lock = threading.Lock()
        self._keras: dict[Engine, KerasProcess] = {}

    def predict(
        self, run: Run, images: Sequence[tuple[str, bytes]], top: int = 5
    ) -> list[Prediction | Refusal]:
        """One answer for each picture, in order; a bad one is refused and the rest go on.

        Raises PredictionUnavailable when the run has no network that could answer.
        """
        answerer = self._answerer(run)
        seen = [_seen(name, content, answerer.input_shape) for name, content in images]
        readable = [each for each in seen if not isinstance(each, Refusal)]
        if not readable:
            return [each for each in seen if isinstance(each, Refusal)]
        answerer, probabilities, seconds = self._asked(run, answerer, np.stack(readable))
        rows = iter(probabilities)
        return [
            each
            if isinstance(each, Refusal)
            else _prediction(name, run, answerer, each, next(rows), seconds / len(readable), top)
            for (name, _), each in zip(images, seen, strict=True)
        ]

    def why_not(self, run: Run) -> str | None:
        """The sentence why a run cannot be asked yet, or None when it can."""
        folder = self._settings.run_folder(run.id)
        found = _whole(keras_network, folder) or _whole(litert_network, folder)
        return None if found is not None else _no_network(run)

    def close(self) -> None:
        """End the Keras processes. Asking again starts them anew."""
        with self._lock:
            for process in self._keras.values():
                process.close()

    def _asked(
        self,
        run: Run,
        answerer: _Answerer,
        images: NDArray[np.uint8],
        tries: int = _MOST_TRIES,
    ) -> tuple[_Answerer, NDArray[np.float32], float]:
        """Who answered, what, and in how many seconds.

        While a Keras process starts, a training run may save many better networks: then the
        newest is asked instead.
        """
        started = time.perf_counter()
        try:
            probabilities = answerer.ask(images)
        except NetworkReplaced:
            if tries == 1:
                raise
            return self._asked(run, self._answerer(run), images, tries - 1)
        return answerer, probabilities, time.perf_counter() - started

    def _answerer(self, run: Run) -> _Answerer:
        reason = self.why_not(run)
        if reason is not None:
            raise PredictionUnavailable(reason)
        return self._by_litert(run) or self._by_keras(run)

    def _by_litert(self, run: Run) -> _Answerer | None:
        """LiteRT's network, unless a newer best one exists that never got exported.

        While a run trains its exports may lag some epochs: an answer at once, with its epoch
        told, is worth more then than the newest one after the seconds that Keras takes to load.
        """
        folder = self._settings.run_folder(run.id)
        try:
            network = self._litert.get(run.id, folder)
        except ArtifactCorrupt:
            _log.exception("The LiteRT file of run %s cannot be used; Keras answers", run.id)
            return None
        if network is None:
            return None
        saved, best = network.saved, _whole(keras_network, folder)
        if best is not None and best.epoch != saved.epoch and not run.state.is_active:
            return None
        return _Answerer(
            saved.epoch, saved.class_names, network.input_shape, "litert", network.predict
        )

    def _by_keras(self, run: Run) -> _Answerer:
        best = _whole(keras_network, self._settings.run_folder(run.id))
        if best is None:
            raise PredictionUnavailable(_no_network(run))
        shape = catalog.info(run.dataset).image_shape
        process = self._keras_process(_available(parse(run.config).training.engine))

        def ask(images: NDArray[np.uint8]) -> NDArray[np.float32]:
            return process.predict(_network(run, best, shape), images)

        return _Answerer(best.epoch, best.class_names, shape, "keras", ask)

    def _keras_process(self, engine: Engine) -> KerasProcess:
        with self._lock:
            if engine not in self._keras:
                self._keras[engine] = KerasProcess(self._settings, engine)
            return self._keras[engine]


def _available(engine: Engine) -> Engine:
    """The run's own engine, else any: its weights mean the same to all of them."""
    installed = installed_engines()
    if not installed:
        raise PredictionUnavailable("No engine is installed. Run make setup.")
    return engine if engine.value in installed else Engine.AUTO


def _whole(read: Callable[[Path], SavedNetwork | None], folder: Path) -> SavedNetwork | None:
    """What is saved, unless it is damaged: its twin may still answer."""
    try:
        return read(folder)
    except ArtifactCorrupt as error:
        _log.warning("%s", error)
        return None


def _network(run: Run, best: SavedNetwork, shape: tuple[int, int, int]) -> Network:
    return Network(run.id, run.config, best.path, best.sha256, shape, len(best.class_names))


def _seen(name: str, content: bytes, shape: tuple[int, int, int]) -> Pixels | Refusal:
    try:
        return as_network_input(read_image(content, name), shape)
    except ImageRefused as error:
        return Refusal(name, str(error))


def _prediction(
    name: str,
    run: Run,
    answerer: _Answerer,
    seen: Pixels,
    probabilities: NDArray[np.float32],
    seconds: float,
    top: int,
) -> Prediction:
    if not np.isfinite(probabilities).all():
        raise PredictionUnavailable(
            f"The network of run {run.id[:8]} answers with NaN: its weights have diverged."
        )
    order = np.argsort(-probabilities, kind="stable")[: max(top, 1)]
    best = [(answerer.class_names[i], float(probabilities[i])) for i in order]
    return Prediction(name, run.id, answerer.epoch, seen, best, seconds, answerer.engine)


def _no_network(run: Run) -> str:
    shown = run.name or run.id[:8]
    if run.state is RunState.QUEUED:
        return f"{shown} waits in the queue: it has no network yet."
    if run.state.is_active:
        return f"{shown} has not finished its first epoch: it can be asked after that."
    return f"{shown} is {run.state} and left no network that could answer."
