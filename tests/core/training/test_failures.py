"""Every failure of a training has a code and one plain sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from core.datasets.opened import OpenedDataset
from core.errors import (
    DatasetCorrupt,
    DatasetUnavailable,
    StaleAttempt,
    TrainingFailed,
)
from core.settings import PROJECT_ROOT
from core.spec import Experiment
from core.training.failures import failure_of
from core.training.trainer import train
from tests.core.training.conftest import MakeExperiment
from tests.core.training.recording import Recorder

EXPLODING = {"learning_rate": 10.0, "optimizer": {"kind": "sgd"}, "epochs": 8}


def test_a_learning_rate_that_explodes_fails_as_nan_loss_and_leaves_no_such_checkpoint(
    digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    recorder = Recorder()
    # Weight decay by L2 beyond 1 multiplies the weights at every step until they overflow.
    experiment = make_experiment(EXPLODING, model={"regularization": {"conv_l2": 0.25}})
    with pytest.raises(TrainingFailed) as raised:
        train(experiment, dataset=digits, folder=tmp_path, reporter=recorder, resume=False)

    failed_epoch = len(recorder.history) + 1
    assert raised.value.code == "nan_loss"
    assert f"epoch {failed_epoch}" in str(raised.value)
    kept = sorted(path.name for path in tmp_path.glob("checkpoints/*"))
    assert f"epoch-{failed_epoch:04d}" not in kept
    assert len(kept) >= min(len(recorder.history), 1)


def test_a_stale_attempt_leaves_training_as_it_is_raised(
    digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    class Overtaken(Recorder):
        def should_stop(self) -> bool:
            if len(self.batches) >= 2:
                raise StaleAttempt("a newer attempt")
            return False

    with pytest.raises(StaleAttempt):
        train(
            make_experiment(), dataset=digits, folder=tmp_path, reporter=Overtaken(), resume=False
        )


LIMITED = """
import json, resource, sys
from pathlib import Path
from core.datasets import load
from core.errors import TrainingFailed
from core.records.phases import Phase
from core.settings import Settings
from core.spec import parse
from core.training.trainer import train
from tests.core.training.recording import Recorder

class Limited(Recorder):
    def phase(self, phase, fraction=None):
        super().phase(phase)
        if phase is Phase.TRAINING:
            room = int(sys.argv[3])
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

try:
    train(parse(json.loads(sys.argv[1])), dataset=load("digits", Settings.from_environment()),
          folder=Path(sys.argv[2]), reporter=Limited(), resume=False)
except TrainingFailed as error:
    json.dump([error.code, str(error)], sys.stdout)
"""


def train_with_small_files(experiment: Experiment, folder: Path, room: int) -> list[str]:
    """Train where no file may grow beyond ``room`` bytes; the failure's code and sentence."""
    config = json.dumps(experiment.to_dict())
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, config, str(folder), str(room)],
        cwd=PROJECT_ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    failure: list[str] = json.loads(done.stdout)
    return failure


@pytest.mark.parametrize(
    "allocate_four_tebibytes",
    [
        lambda: keras.ops.convert_to_numpy(keras.ops.ones((2**20, 2**20), dtype="float32")),
        lambda: np.ones((2**20, 2**20), dtype=np.float32),
    ],
    ids=["engine", "numpy"],
)
def test_running_out_of_memory_says_what_to_do(
    allocate_four_tebibytes: Callable[[], object],
) -> None:
    with pytest.raises(Exception, match=r"(?i)oom|memory|allocate") as raised:
        allocate_four_tebibytes()
    failure = failure_of(raised.value)

    assert failure is not None
    assert failure.code == "out_of_memory"
    assert "smaller batch size" in str(failure)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="limits are set as Linux has them")
def test_a_full_disk_says_what_to_do_and_leaves_nothing_half_written(
    make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    code, sentence = train_with_small_files(make_experiment(), tmp_path, 4096)

    assert code == "disk_full"
    assert "free some space" in sentence
    assert list(tmp_path.glob("checkpoints/*")) == []
    assert list(tmp_path.glob("checkpoints/.*")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_the_systems_own_no_space_left_is_a_full_disk() -> None:
    with pytest.raises(OSError, match="No space") as raised, Path("/dev/full").open("w") as full:
        full.write("x")
    try:
        # As a library would: its own type around the system's.
        raise RuntimeError("could not write") from raised.value
    except RuntimeError as error:
        failure = failure_of(error)

    assert failure is not None
    assert failure.code == "disk_full"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "out_of_memory"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 1 bytes."), "out_of_memory"),
        (RuntimeError("DefaultCPUAllocator: not enough memory: you tried ..."), "out_of_memory"),
        (DatasetUnavailable("Put cifar10.zip there."), "data_missing"),
        (DatasetCorrupt("cifar10.zip is cut off."), "data_corrupt"),
        (TrainingFailed("nan_loss", "..."), "nan_loss"),
    ],
)
def test_known_errors_have_their_code(error: Exception, code: str) -> None:
    failure = failure_of(error)

    assert failure is not None
    assert failure.code == code


@pytest.mark.parametrize("error", [ValueError("shapes differ"), StaleAttempt("old"), KeyError("x")])
def test_unknown_errors_are_no_failure(error: Exception) -> None:
    assert failure_of(error) is None
