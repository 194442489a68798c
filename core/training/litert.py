"""Export of the best model as a LiteRT file, which predicts in milliseconds without TensorFlow.

    litert/best.tflite    input: one image (1, H, W, C) uint8; output: probabilities (1, classes)
    litert/best.json      epoch, input shape, class names, sha256 of the file

Only TensorFlow writes this format. For models that another engine trained, this module runs in
a process of its own: ``python -m core.training.litert BEST.keras TARGET.tflite``, with the
model's architecture as JSON on its standard input.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from core.files import sha256_of, write_file
from core.models.saved_model import Architecture, rebuild
from core.settings import PROJECT_ROOT
from core.training.installed_engines import installed_engines

FILE, META = "best.tflite", "best.json"
TIME_LIMIT_S = 300

_log = logging.getLogger(__name__)


def export(
    architecture: Architecture,
    model_file: Path,
    model: keras.Model | None,
    folder: Path,
    *,
    epoch: int,
    classes: Sequence[str],
) -> Path | None:
    """Write the model into ``folder`` and return its file; None, and a log line, on failure.

    ``model`` is the model of ``model_file`` if it is already in memory.
    """
    target = folder / FILE
    try:
        if keras.backend.backend() == "tensorflow":
            loaded = model or rebuild(architecture, model_file)
            write_file(target, lambda temporary: convert(loaded, temporary))
        elif "tensorflow" in installed_engines():
            write_file(
                target, lambda temporary: _convert_in_process(architecture, model_file, temporary)
            )
        else:
            _log.info("No LiteRT file: TensorFlow, which writes it, is not installed.")
            return None
    # The converter raises errors of many types, and training works without the file. If the disk
    # is full, the next checkpoint reports it.
    except Exception:  # noqa: BLE001
        _log.warning("No LiteRT file of epoch %d.", epoch, exc_info=True)
        return None
    meta = {"epoch": epoch, "class_names": list(classes), "sha256": sha256_of(target)}
    write_file(folder / META, lambda path: _write_json(path, meta))
    return target


def convert(model: keras.Model, path: Path) -> None:
    """Write a model as LiteRT, for one uint8 image at a time. Needs the TensorFlow engine."""
    import tensorflow as tf

    shape = (1, *model.input_shape[1:])

    # Pixels arrive as uint8, as in training; the first layer scales floats.
    @tf.function(input_signature=[tf.TensorSpec(shape, tf.uint8, name="image")])  # type: ignore[untyped-decorator]
    def predict(image: Any) -> Any:
        return model(tf.cast(image, tf.float32), training=False)

    # The converter freezes the variables that it finds here. In a Keras model it finds none and
    # would silently write a file without weights.
    weights = tf.Module()
    weights.variables_to_freeze = [variable.value for variable in model.variables]
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [predict.get_concrete_function()], weights
    )
    path.write_bytes(converter.convert())


def _convert_in_process(architecture: Architecture, model_file: Path, path: Path) -> None:
    # Without a GPU: the trainer holds it, and converting needs none.
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-m", __name__, str(model_file), str(path)]
    subprocess.run(
        command,
        input=architecture.to_json(),
        text=True,
        env=environment,
        cwd=PROJECT_ROOT,
        timeout=TIME_LIMIT_S,
        check=True,
    )


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


if __name__ == "__main__":
    convert(rebuild(Architecture.from_json(sys.stdin.read()), Path(sys.argv[1])), Path(sys.argv[2]))
