"""One trained run, shared by the tests; each may take a copy and damage it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.inference.predictor import Predictor
from core.records.runs import Run
from core.settings import PROJECT_ROOT, Settings
from core.spec import parse
from core.store.store import Store

CONFIG = {
    "name": "small",
    # Standardised, normalised, augmented: everything that could differ between the two forms.
    "data": {
        "dataset": "digits",
        "train_size": 200,
        "input_scaling": "standardized",
        "augmentation": {"shift": 0.1, "cutout": 0.2},
    },
    "model": {
        "stages": [
            {"convolutions": [{"kind": "normal", "filters": 8}]},
            {"convolutions": [{"kind": "depthwise_separable", "filters": 16}]},
        ],
        "normalization": "batch",
        "dense": [{"units": 32}],
        "regularization": {"conv_dropout": 0.2, "dense_dropout": 0.3, "conv_l2": 1e-4},
    },
    "training": {"epochs": 2, "batch_size": 32},
}


@dataclass(frozen=True)
class Trained:
    """A run with a trained model, and its settings."""

    settings: Settings
    run: Run

    @property
    def folder(self) -> Path:
        return self.settings.run_folder(self.run.id)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    settings = settings_in(tmp_path_factory.mktemp("trained"))
    [run] = Store.open(settings).runs.add(parse(CONFIG))
    script = Path(__file__).with_name("train_digits.py")
    subprocess.run(
        [sys.executable, script, settings.run_folder(run.id), json.dumps(CONFIG)],
        env={**os.environ, **settings.to_environment(), "PYTHONPATH": str(PROJECT_ROOT)},
        check=True,
        cwd=PROJECT_ROOT,
        capture_output=True,
    )
    return Trained(settings, run)


@pytest.fixture
def copy(trained: Trained, tmp_path: Path) -> Trained:
    """The same run in a results folder of its own."""
    settings = settings_in(tmp_path)
    shutil.copytree(trained.folder, settings.run_folder(trained.run.id))
    return Trained(settings, trained.run)


@pytest.fixture
def predictor(copy: Trained) -> Iterator[Predictor]:
    predictor = Predictor(copy.settings)
    yield predictor
    predictor.close()


@pytest.fixture(scope="session")
def pictures() -> list[tuple[str, bytes]]:
    """Five images of noise in different shapes, as files."""
    rng = np.random.default_rng(11)
    shapes = [(8, 8), (64, 64), (40, 90), (200, 30), (8, 9)]
    return [
        (f"{h}x{w}.png", png(rng.integers(0, 255, (h, w, 3), dtype=np.uint8))) for h, w in shapes
    ]


def settings_in(folder: Path) -> Settings:
    return Settings.from_environment(
        {
            "CONVSCOPE_RESULTS": str(folder / "results"),
            "CONVSCOPE_DATA": str(folder / "data"),
            "CONVSCOPE_CACHE": os.environ.get("CONVSCOPE_CACHE", str(folder / "cache")),
        }
    )


def png(pixels: np.ndarray) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
