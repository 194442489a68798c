"""The Keras process: one for many requests, started again when it died, ended when idle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import psutil
import pytest

from core.errors import PredictionUnavailable
from core.inference.keras_process import KerasProcess, ModelSource
from core.settings import PROJECT_ROOT
from core.spec.training import Engine
from tests.core.inference.conftest import Trained

pytestmark = [pytest.mark.processes, pytest.mark.timing]

IMAGES = np.random.default_rng(5).integers(0, 255, (3, 8, 8, 1), dtype=np.uint8)


def source_of(trained: Trained) -> ModelSource:
    described = json.loads((trained.folder / "best" / "meta.json").read_text())
    weights = trained.folder / "best" / "best.keras"
    return ModelSource(
        trained.run.id, trained.run.config, weights, described["sha256"], (8, 8, 1), 10
    )


def wait_until(condition: Callable[[], bool], timeout_s: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def process(copy: Trained) -> Iterator[KerasProcess]:
    process = KerasProcess(copy.settings, Engine.AUTO, idle_s=3.0)
    yield process
    process.close()


def test_it_serves_again_and_again_is_restarted_when_it_dies_and_ends_when_idle(
    process: KerasProcess, copy: Trained
) -> None:
    assert process.pid is None
    first = process.predict(source_of(copy), IMAGES)
    pid = process.pid
    assert pid is not None
    assert first.shape == (3, 10)
    assert np.allclose(first.sum(axis=1), 1.0, atol=1e-5)
    assert np.array_equal(process.predict(source_of(copy), IMAGES), first)
    assert process.pid == pid

    os.kill(pid, signal.SIGKILL)
    assert np.array_equal(process.predict(source_of(copy), IMAGES), first)
    assert process.pid not in {None, pid}

    wait_until(lambda: process.pid is None)


def test_an_unknown_field_in_the_spec_is_a_sentence_and_the_process_lives_on(
    process: KerasProcess, copy: Trained
) -> None:
    source = source_of(copy)
    spoiled = ModelSource("0" * 32, {"nonsense": 1}, source.weights, source.sha256, (8, 8, 1), 10)
    with pytest.raises(PredictionUnavailable, match="nonsense"):
        process.predict(spoiled, IMAGES)
    pid = process.pid
    assert process.predict(source, IMAGES).shape == (3, 10)
    assert process.pid == pid


def test_it_ends_with_its_parent(copy: Trained) -> None:
    script = (
        "import json, sys, time\n"
        "import numpy as np\n"
        "from pathlib import Path\n"
        "from core.inference.keras_process import KerasProcess, ModelSource\n"
        "from core.settings import Settings\n"
        "from core.spec.training import Engine\n"
        "raw = json.loads(sys.argv[1])\n"
        "raw['weights'] = Path(raw['weights'])\n"
        "process = KerasProcess(Settings.from_environment(), Engine.AUTO)\n"
        "process.predict(ModelSource(**raw), np.zeros((1, 8, 8, 1), np.uint8))\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, json.dumps(source_of(copy).to_header())],
        env={**os.environ, **copy.settings.to_environment(), "PYTHONPATH": str(PROJECT_ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert psutil.pid_exists(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not psutil.pid_exists(child))
