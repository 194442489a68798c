"""The model files in a run's folder, read while a trainer may replace them.

best/best.keras    + best/meta.json     the best model as Keras saves it
litert/best.tflite + litert/best.json   the best model for LiteRT, possibly of an earlier epoch
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from core.errors import ArtifactCorrupt
from core.files import open_regular

_TIME_LIMIT_S = 2.0
"""A trainer replaces file and description within milliseconds."""


@dataclass(frozen=True)
class ModelFile:
    """A model's file and what its description says about it."""

    path: Path
    epoch: int
    class_names: tuple[str, ...]
    sha256: str


def find_keras_model(folder: Path) -> ModelFile | None:
    """The best model of a run's folder for Keras; None when there is none yet.

    Raises ArtifactCorrupt when its description is damaged.
    """
    return _read_description(folder / "best" / "best.keras", folder / "best" / "meta.json")


def find_litert_model(folder: Path) -> ModelFile | None:
    """The same for LiteRT, possibly of an earlier epoch; None when there is none."""
    return _read_description(folder / "litert" / "best.tflite", folder / "litert" / "best.json")


def read_litert_model(folder: Path) -> tuple[ModelFile, bytes] | None:
    """The LiteRT model's description and the matching bytes of its file; None when there is none.

    Waits while a trainer replaces the two. Raises ArtifactCorrupt when they still do not match
    after two seconds.
    """
    deadline = time.monotonic() + _TIME_LIMIT_S
    while (model := find_litert_model(folder)) is not None:
        try:
            with open(model.path, "rb", opener=open_regular) as file:
                content = file.read()
        except FileNotFoundError:
            return None
        if hashlib.sha256(content).hexdigest() == model.sha256:
            return model, content
        if time.monotonic() > deadline:
            raise ArtifactCorrupt(f"{model.path} does not match its description.")
        time.sleep(0.02)
    return None


def _read_description(path: Path, description: Path) -> ModelFile | None:
    try:
        with open(description, "rb", opener=open_regular) as file:
            raw = json.loads(file.read())
        names = tuple(str(name) for name in raw["class_names"])
        model = ModelFile(path, int(raw["epoch"]), names, str(raw["sha256"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactCorrupt(f"{description} is damaged: {error}.") from error
    return model if path.is_file() and not path.is_symlink() else None
