"""LiteRT models, kept loaded: they predict in milliseconds without TensorFlow."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import ArtifactCorrupt
from core.inference.model_files import ModelFile, find_litert_model, read_litert_model

_MAX_LOADED = 16


class LiteRTModel:
    """One loaded model. Threads may share it: a lock guards its interpreter."""

    def __init__(self, file: ModelFile, content: bytes) -> None:
        # Imported here: it is missing on Windows, where the Keras process predicts.
        from ai_edge_litert.interpreter import Interpreter

        self.file = file
        self._lock = threading.Lock()
        try:
            self._interpreter: Any = Interpreter(model_content=content)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ArtifactCorrupt(f"{file.path} cannot be used: {error}") from error
        [self._input] = self._interpreter.get_input_details()
        [self._output] = self._interpreter.get_output_details()

    @property
    def input_shape(self) -> tuple[int, int, int]:
        """Height, width, channels."""
        _, height, width, channels = (int(each) for each in self._input["shape"])
        return height, width, channels

    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Class probabilities (N, classes) of images (N, H, W, C), one after the other."""
        with self._lock:
            return np.stack([self._predict_one(image) for image in images])

    def _predict_one(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        self._interpreter.set_tensor(
            self._input["index"], image[np.newaxis].astype(self._input["dtype"])
        )
        self._interpreter.invoke()
        [probabilities] = self._interpreter.get_tensor(self._output["index"])
        return np.asarray(probabilities, dtype=np.float32)


class LiteRTModels:
    """The models used last; a model is loaded again when its trainer has replaced the file."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: OrderedDict[str, LiteRTModel] = OrderedDict()

    def get(self, run_id: str, folder: Path) -> LiteRTModel | None:
        """The run's model as it is on disk now; None without one, or without LiteRT.

        Raises ArtifactCorrupt when the file is damaged.
        """
        file = find_litert_model(folder)
        if file is None or not is_installed():
            return None
        with self._lock:
            loaded = self._loaded.get(run_id)
            if loaded is None or loaded.file != file:
                loaded = _load(folder)
            if loaded is None:
                return None
            self._loaded[run_id] = loaded
            self._loaded.move_to_end(run_id)
            while len(self._loaded) > _MAX_LOADED:
                self._loaded.popitem(last=False)
            return loaded


def is_installed() -> bool:
    """Whether this system has LiteRT."""
    from importlib.util import find_spec

    return find_spec("ai_edge_litert") is not None


def _load(folder: Path) -> LiteRTModel | None:
    found = read_litert_model(folder)
    return None if found is None else LiteRTModel(*found)
