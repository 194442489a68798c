"""Head first, then fine-tuning: two segments of one run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.datasets.opened import OpenedDataset
from core.models.backbones.layers import BACKBONE
from core.records.phases import Phase
from core.settings import PROJECT_ROOT
from core.spec import Experiment, Trainable, parse
from core.training import checkpoints
from core.training.compilation import build_model
from core.training.segments import segments_of
from core.training.trainer import train
from tests.core.training.conftest import ON_EVERY_ENGINE
from tests.core.training.recording import Recorder
from tests.core.training.test_resume import TRAINER

DiskUsage = namedtuple("DiskUsage", "total used free")
UNFROZEN = 7
"""The last pointwise convolution of MobileNet with its batch norm, and what is around it."""


def experiment(engine: str | None = None, **training: Any) -> Experiment:
    """MobileNet with random weights on 200 digits, 7 batches per epoch."""
    return parse(
        {
            "data": {"dataset": "digits", "train_size": 200},
            "model": {
                "backbone": {
                    "network": "MobileNet",
                    "image_size": 32,
                    "weights": {"kind": "none"},
                },
                "flatten": "global_average",
                "dense": [{"units": 16, "dropout": 0.3}],
                "dense_normalization": True,
                "regularization": {"dense_l2": 1e-3},
            },
            "training": {
                "epochs": 2,
                "batch_size": 32,
                "learning_rate": 0.01,
                "engine": engine or keras.config.backend(),
                "fine_tuning": {
                    "epochs": 2,
                    "learning_rate": 1e-3,
                    "trainable": "last",
                    "unfrozen_layers": UNFROZEN,
                },
                **training,
            },
            "seeds": [3],
        }
    )


def test_each_segment_has_settings_of_its_own() -> None:
    first, second = segments_of(experiment(warmup_epochs=1.5, schedule={"kind": "cosine"}))
    assert (first.phase, first.trainable, first.training.epochs) == (
        Phase.TRAINING,
        Trainable.NONE,
        2,
    )
    assert (second.phase, second.trainable) == (Phase.FINE_TUNING, Trainable.LAST)
    assert second.unfrozen_layers == UNFROZEN
    assert (second.training.epochs, second.training.learning_rate) == (2, 1e-3)
    assert first.training.schedule == second.training.schedule
    assert {each.num_segments for each in (first, second)} == {2}


def test_warm_up_is_no_longer_than_its_segment() -> None:
    tuning = {"epochs": 1, "learning_rate": 1e-4, "trainable": "all"}
    first, second = segments_of(experiment(epochs=5, warmup_epochs=3.0, fine_tuning=tuning))
    assert (first.training.warmup_epochs, second.training.warmup_epochs) == (3.0, 1.0)


def test_without_fine_tuning_there_is_one_segment() -> None:
    [only] = segments_of(experiment(fine_tuning=None))
    assert (only.num_segments, only.training.epochs) == (1, 2)
    [plain] = segments_of(Experiment())
    assert plain.trainable is None


@pytest.mark.slow
def test_both_segments_with_features_and_without(
    digits: OpenedDataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patience ends each segment after two of its five epochs; its rates start over."""
    impatient = {"monitor": "val_accuracy", "patience": 1, "min_delta": 1.0}
    run = experiment(
        epochs=5,
        early_stopping=impatient,
        schedule={"kind": "step", "factor": 0.5, "every_epochs": 1},
        fine_tuning={
            "epochs": 5,
            "learning_rate": 1e-3,
            "trainable": "last",
            "unfrozen_layers": UNFROZEN,
        },
    )
    quick, slow = Recorder(), Recorder()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    train(run, dataset=digits, folder=tmp_path / "a", reporter=quick, resume=False)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: DiskUsage(10**6, 10**6, 0))
    train(run, dataset=digits, folder=tmp_path / "b", reporter=slow, resume=False)

    assert Phase.COMPUTING_FEATURES in quick.phases
    assert Phase.COMPUTING_FEATURES not in slow.phases
    assert not (tmp_path / "a" / "features").exists()
    names = [list(metrics) for metrics in slow.metrics]
    assert [list(metrics) for metrics in quick.metrics] == names
    for of_features, of_images in zip(quick.metrics, slow.metrics, strict=True):
        assert list(of_features.values()) == pytest.approx(list(of_images.values()), rel=1e-4)

    for recorder in (quick, slow):
        assert [record.epoch for record in recorder.history] == [1, 2, 3, 4]
        assert [metrics["phase"] for metrics in recorder.metrics] == [1, 1, 2, 2]
        rates = [metrics["learning_rate"] for metrics in recorder.metrics]
        assert rates == pytest.approx([0.01, 0.005, 0.001, 0.0005])
        assert [phase for phase in recorder.phases if phase.is_training] == [
            Phase.TRAINING,
            Phase.TRAINING,
            Phase.FINE_TUNING,
            Phase.FINE_TUNING,
        ]
        assert recorder.notes == ["fine-tuning begins after epoch 2"]
    for folder in ("a", "b"):
        frozen_layers_are_as_they_were(run, digits, tmp_path / folder)
    the_best_model_is_whole(digits, tmp_path / "a")


def frozen_layers_are_as_they_were(run: Experiment, digits: OpenedDataset, folder: Path) -> None:
    """Weights and moving statistics alike; those of unfrozen layers have moved."""
    fresh = build_model(run, digits, keras.config.backend()).get_layer(BACKBONE)
    trained = build_model(run, digits, keras.config.backend())
    checkpoints.restore_weights(folder / "checkpoints", trained, 4)
    layers = list(zip(fresh.layers, trained.get_layer(BACKBONE).layers, strict=True))
    border = len(layers) - UNFROZEN
    for before, after in layers[:border]:
        for old, new in zip(before.get_weights(), after.get_weights(), strict=True):
            np.testing.assert_array_equal(new, old, err_msg=after.name)
    norms = [pair for pair in layers[border:] if "moving_mean" in dir(pair[0])]
    assert norms
    for before, after in norms:
        assert not np.array_equal(after.moving_mean, before.moving_mean)
        assert not np.array_equal(after.moving_variance, before.moving_variance)
    learnt = [not np.array_equal(after.beta, before.beta) for before, after in norms]
    assert any(learnt)


def the_best_model_is_whole(digits: OpenedDataset, folder: Path) -> None:
    """It takes images and has every parameter."""
    network = keras.saving.load_model(folder / "best" / "best.keras", compile=False)
    assert network.input_shape[1:] == digits.image_shape
    assert network.get_layer(BACKBONE).count_params() == 3_228_864


@pytest.mark.slow
@pytest.mark.timeout(900)  # five trainers, each of which compiles a network of 86 layers
@pytest.mark.parametrize("engine", ON_EVERY_ENGINE)
def test_killed_in_either_segment_and_between_and_resumed_equals_uninterrupted(
    engine: str, tmp_path: Path
) -> None:
    plateau = {"monitor": "val_accuracy", "patience": 1}
    config = json.dumps(experiment(engine, reduce_on_plateau=plateau).to_dict())

    def attempt(folder: str, die_at: str | None, resume: bool) -> subprocess.CompletedProcess[str]:
        environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
        environment |= {"DIE_AT": die_at or "", "RESUME": str(int(resume))}
        (tmp_path / folder).mkdir(exist_ok=True)
        return subprocess.run(
            [sys.executable, "-c", TRAINER, config, str(tmp_path / folder)],
            env=environment,
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            text=True,
            timeout=300,
            check=False,
        )

    # With features on disk; after the first segment's last checkpoint, before it was
    # reported; in the second segment.
    moments = ["saving 1", "reported 2", "saving 4"]
    for number, moment in enumerate(moments):
        killed = attempt("killed", moment, resume=number > 0)
        assert killed.returncode == -signal.SIGKILL, moment
    last = attempt("killed", None, resume=True)
    whole = attempt("whole", None, resume=False)

    assert (last.returncode, whole.returncode) == (0, 0)
    assert json.loads(last.stdout) == json.loads(whole.stdout)
    assert [metrics["phase"] for metrics in json.loads(last.stdout)[1]] == [1, 1, 2, 2]
    assert not (tmp_path / "killed" / "features").exists()
