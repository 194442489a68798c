"""Predictions of a run's best model: by LiteRT if possible, else by the Keras process."""

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
from core.errors import ArtifactCorrupt, ImageRefused, ModelReplaced, PredictionUnavailable
from core.inference.images import Pixels, as_model_input, read_image
from core.inference.keras_process import KerasProcess, ModelSource
from core.inference.litert import LiteRTModels
from core.inference.model_files import ModelFile, find_keras_model, find_litert_model
from core.records.runs import Run, RunState
from core.settings import Settings
from core.spec import parse
from core.spec.training import Engine
from core.training.installed_engines import installed_engines

_MAX_TRIES = 6
"""After so many tries the file is damaged rather than just replaced."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prediction:
    """The probabilities per class of one model for one image."""

    image: str
    """The image's name."""
    run_id: str
    epoch: int
    """The epoch of the model: the best so far, or the last one exported."""
    seen: Pixels
    """The model's input, uint8 (H, W, C)."""
    top: list[tuple[str, float]]
    """Class and probability, most probable first."""
    seconds: float
    """The model's time for this image, without loading."""
    engine: str
    """``litert`` or ``keras``."""


@dataclass(frozen=True)
class Refusal:
    """An image that could not be read, and the reason as a sentence."""

    image: str
    error: str


@dataclass(frozen=True)
class _ReadyModel:
    """A model that is ready to predict."""

    epoch: int
    class_names: tuple[str, ...]
    input_shape: tuple[int, int, int]
    engine: str
    predict: Callable[[NDArray[np.uint8]], NDArray[np.float32]]


class Predictor:
    """Predicts with the best model of any run of one results folder. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._litert = LiteRTModels()
        self._lock = threading.Lock()
        self._keras: dict[Engine, KerasProcess] = {}

    def predict(
        self, run: Run, images: Sequence[tuple[str, bytes]], top: int = 5
    ) -> list[Prediction | Refusal]:
        """One Prediction per image, in order; a Refusal for an image that cannot be read.

        Raises PredictionUnavailable when the run has no model that can predict.
        """
        model = self._find_model(run)
        inputs = [_read_input(name, content, model.input_shape) for name, content in images]
        readable = [each for each in inputs if not isinstance(each, Refusal)]
        if not readable:
            return [each for each in inputs if isinstance(each, Refusal)]
        model, probabilities, seconds = self._run_model(run, model, np.stack(readable))
        rows = iter(probabilities)
        return [
            each
            if isinstance(each, Refusal)
            else _prediction(name, run, model, each, next(rows), seconds / len(readable), top)
            for (name, _), each in zip(images, inputs, strict=True)
        ]

    def why_not(self, run: Run) -> str | None:
        """The reason, as a sentence, why a run cannot predict yet; None when it can."""
        folder = self._settings.run_folder(run.id)
        found = _if_undamaged(find_keras_model, folder) or _if_undamaged(find_litert_model, folder)
        return None if found is not None else _no_model(run)

    def close(self) -> None:
        """End the Keras processes. The next prediction starts them again."""
        with self._lock:
            for process in self._keras.values():
                process.close()

    def _run_model(
        self,
        run: Run,
        model: _ReadyModel,
        images: NDArray[np.uint8],
        tries: int = _MAX_TRIES,
    ) -> tuple[_ReadyModel, NDArray[np.float32], float]:
        """The model used, its probabilities (N, classes) and its seconds.

        While a Keras process starts, a training run may save better models: then the newest is
        used instead.
        """
        started = time.perf_counter()
        try:
            probabilities = model.predict(images)
        except ModelReplaced:
            if tries == 1:
                raise
            return self._run_model(run, self._find_model(run), images, tries - 1)
        return model, probabilities, time.perf_counter() - started

    def _find_model(self, run: Run) -> _ReadyModel:
        reason = self.why_not(run)
        if reason is not None:
            raise PredictionUnavailable(reason)
        return self._litert_model(run) or self._keras_model(run)

    def _litert_model(self, run: Run) -> _ReadyModel | None:
        """The LiteRT model; None without one, or if an ended run has a newer best model.

        While a run trains, its exports may lag some epochs. A prediction at once, with its epoch,
        is then worth more than the newest model after the seconds that Keras takes to load.
        """
        folder = self._settings.run_folder(run.id)
        try:
            model = self._litert.get(run.id, folder)
        except ArtifactCorrupt:
            _log.exception("The LiteRT file of run %s cannot be used; Keras predicts", run.id)
            return None
        if model is None:
            return None
        file, best = model.file, _if_undamaged(find_keras_model, folder)
        if best is not None and best.epoch != file.epoch and not run.state.is_active:
            return None
        return _ReadyModel(file.epoch, file.class_names, model.input_shape, "litert", model.predict)

    def _keras_model(self, run: Run) -> _ReadyModel:
        best = _if_undamaged(find_keras_model, self._settings.run_folder(run.id))
        if best is None:
            raise PredictionUnavailable(_no_model(run))
        shape = catalog.info(run.dataset).image_shape
        process = self._keras_process(_available(parse(run.config).training.engine))

        def predict(images: NDArray[np.uint8]) -> NDArray[np.float32]:
            return process.predict(_source(run, best, shape), images)

        return _ReadyModel(best.epoch, best.class_names, shape, "keras", predict)

    def _keras_process(self, engine: Engine) -> KerasProcess:
        with self._lock:
            if engine not in self._keras:
                self._keras[engine] = KerasProcess(self._settings, engine)
            return self._keras[engine]


def _available(engine: Engine) -> Engine:
    """The run's own engine, else any: weights are the same for all of them."""
    installed = installed_engines()
    if not installed:
        raise PredictionUnavailable("No engine is installed. Run `make setup`.")
    return engine if engine.value in installed else Engine.AUTO


def _if_undamaged(find: Callable[[Path], ModelFile | None], folder: Path) -> ModelFile | None:
    """The model file; None if its description is damaged: the other form may be usable."""
    try:
        return find(folder)
    except ArtifactCorrupt as error:
        _log.warning("%s", error)
        return None


def _source(run: Run, best: ModelFile, shape: tuple[int, int, int]) -> ModelSource:
    return ModelSource(run.id, run.config, best.path, best.sha256, shape, len(best.class_names))


def _read_input(name: str, content: bytes, shape: tuple[int, int, int]) -> Pixels | Refusal:
    try:
        return as_model_input(read_image(content, name), shape)
    except ImageRefused as error:
        return Refusal(name, str(error))


def _prediction(
    name: str,
    run: Run,
    model: _ReadyModel,
    model_input: Pixels,
    probabilities: NDArray[np.float32],
    seconds: float,
    top: int,
) -> Prediction:
    if not np.isfinite(probabilities).all():
        raise PredictionUnavailable(
            f"The model of run {run.id[:8]} predicts NaN: its weights have diverged."
        )
    order = np.argsort(-probabilities, kind="stable")[: max(top, 1)]
    best = [(model.class_names[i], float(probabilities[i])) for i in order]
    return Prediction(name, run.id, model.epoch, model_input, best, seconds, model.engine)


def _no_model(run: Run) -> str:
    shown = run.name or run.id[:8]
    if run.state is RunState.QUEUED:
        return f"{shown} waits in the queue: it has no model yet."
    if run.state.is_active:
        return f"{shown} has not finished its first epoch: it can predict after that."
    return f"{shown} is {run.state} and left no model that can predict."
