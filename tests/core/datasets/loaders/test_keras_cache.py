"""Keras' own loaders, out of its cache and without a network, in a process of their own."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from core.datasets.opened import open_dataset
from core.datasets.status import DatasetState, status
from core.settings import PROJECT_ROOT, Settings

# Each starts an engine below Keras.
pytestmark = pytest.mark.slow

# A port nobody listens on: the network is gone, at once and for certain.
NO_NETWORK = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")

Prepare = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Keras home of this test alone."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    (tmp_path / "keras").mkdir()
    return tmp_path / "keras"


@pytest.fixture
def prepare(settings: Settings, keras_home: Path) -> Prepare:
    """Prepare a set in a process without a network."""

    def run(name: str) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k.lower() != "no_proxy"}
        return subprocess.run(
            [sys.executable, "-m", "core.datasets.prepare", name],
            check=False,
            cwd=PROJECT_ROOT,
            env=environment | settings.to_environment() | NO_NETWORK,
            capture_output=True,
            text=True,
        )

    return run


def put_fashion(keras_home: Path, num_images: int = 30) -> Path:
    """Fashion-MNIST in small, in the files Keras reads; it checks no hash for this set."""
    folder = keras_home / "datasets" / "fashion-mnist"
    folder.mkdir(parents=True)
    for stem, count in (("train", num_images), ("t10k", 10)):
        labels = np.arange(count, dtype=np.uint8) % 10
        images = np.full((count, 28, 28), 9, np.uint8)
        with gzip.open(folder / f"{stem}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(bytes(8) + labels.tobytes())
        with gzip.open(folder / f"{stem}-images-idx3-ubyte.gz", "wb") as file:
            file.write(bytes(16) + images.tobytes())
    return folder


def test_what_keras_has_serves_without_a_network(
    settings: Settings, keras_home: Path, prepare: Prepare
) -> None:
    put_fashion(keras_home)
    done = prepare("fashion_mnist")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    opened = open_dataset("fashion_mnist", settings)
    assert opened.train_images.shape == (30, 28, 28, 1)
    assert opened.test_labels.tolist() == list(range(10))
    assert opened.mean == pytest.approx((9 / 255,))
    assert status("fashion_mnist", settings).state is DatasetState.READY


def test_no_network_and_no_file_is_one_sentence(
    settings: Settings, keras_home: Path, prepare: Prepare
) -> None:
    done = prepare("cifar10")
    assert done.returncode == 1
    sentence = (
        f"CIFAR-10 is not here: put cifar10.zip (train/<class>/..., test/<class>/...) into "
        f"{settings.data}, or connect to the network once."
    )
    assert done.stderr.rstrip().endswith(sentence)
    assert "Traceback" not in done.stderr
    told = status("cifar10", settings)
    assert (told.state, told.sentence) == (DatasetState.DOWNLOADABLE, sentence)
    left = {path.name for path in settings.cache.iterdir()}
    assert left == {".cifar10.lock", ".cifar10.progress.json"}
    assert not any(path.is_file() for path in (keras_home / "datasets").rglob("*"))


def test_a_fetch_that_was_killed_is_not_taken_for_the_data(
    keras_home: Path, prepare: Prepare
) -> None:
    images = put_fashion(keras_home) / "train-images-idx3-ubyte.gz"
    images.write_bytes(images.read_bytes()[:-20])
    done = prepare("fashion_mnist")
    assert done.returncode == 1
    assert "is broken and is fetched again" in done.stderr
    assert "put fashion_mnist.zip" in done.stderr
    assert not images.exists()
