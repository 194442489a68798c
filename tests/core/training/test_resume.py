"""A run that was stopped or killed ends exactly as one that never was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.datasets.opened import OpenedDataset
from core.settings import PROJECT_ROOT
from core.training.history import TrainingResult
from core.training.trainer import train
from tests.core.training.conftest import (
    ON_EVERY_ENGINE,
    ON_EVERY_OTHER_ENGINE,
    MakeExperiment,
)
from tests.core.training.recording import Recorder

AUGMENTED = {
    "augmentation": {"shift": 0.1, "rotation": 10.0, "zoom": 0.1, "cutout": 0.3},
}
DROPOUT = {"regularization": {"conv_dropout": 0.3, "conv_l2": 1e-3}, "normalization": "batch"}

EVERY_KIND = "every kind of convolution, stochastic depth, spatial dropout, group norm"
MIXED = "mixup or CutMix, RandAugment, cutout"

# Everything that has a memory of its own, in a few runs that share it.
CASES: dict[str, dict[str, Any]] = {
    "dropout, augmentation, Adam, plateau, early stopping": {
        "model": DROPOUT,
        "data": AUGMENTED,
        "training": {
            "epochs": 6,
            "learning_rate": 0.01,
            "reduce_on_plateau": {"monitor": "val_accuracy", "patience": 1},
            "early_stopping": {"monitor": "val_loss", "patience": 3, "min_delta": 0.3},
        },
    },
    "SGD with momentum, one cycle, label smoothing, flips": {
        "model": {"regularization": {"conv_dropout": 0.2}},
        "data": {"augmentation": {"horizontal_flip": True}},
        "training": {
            "epochs": 4,
            "learning_rate": 0.1,
            "optimizer": {"kind": "sgd"},
            "schedule": {"kind": "one_cycle"},
            "label_smoothing": 0.1,
        },
    },
    EVERY_KIND: {
        "model": {
            "stages": [
                {
                    "pooling": "strided_convolution",
                    "convolutions": [
                        {"kind": "normal", "filters": 4},
                        {"kind": "spatially_separable", "filters": 4},
                        {"kind": "depthwise_separable", "filters": 4},
                        {"kind": "depthwise"},
                        {"kind": "grouped", "filters": 4},
                        {"kind": "mixed_groups", "filters": 4},
                        {"kind": "dilated", "filters": 4},
                        {"kind": "pointwise", "filters": 4},
                        {"kind": "residual", "filters": 4},
                        {"kind": "residual", "filters": 4, "order": "pre_activation"},
                        {"kind": "inverted_residual", "filters": 4},
                    ],
                }
            ],
            "normalization": "group",
            "normalization_groups": 2,
            "regularization": {
                "conv_dropout": 0.2,
                "dropout_kind": "spatial",
                "stochastic_depth": 0.3,
                "conv_l1": 1e-4,
            },
        },
        "training": {"epochs": 4},
    },
    MIXED: {
        "data": {
            "augmentation": {
                "mixup": 0.4,
                "cutmix": 1.0,
                "rand_augment": {"num_operations": 2, "magnitude": 5},
                "cutout": 0.3,
            }
        },
        "training": {"epochs": 4},
    },
    "AdamW, cosine with warm-up, clipping, standardised, 16 bits": {
        "data": {"input_scaling": "standardized"},
        "training": {
            "epochs": 4,
            "optimizer": {"kind": "adamw"},
            "schedule": {"kind": "cosine"},
            "warmup_epochs": 1.5,
            "gradient_clip_norm": 1.0,
            "mixed_precision": True,
        },
    },
}


@pytest.mark.slow
# JAX compiles the network of every kind for a minute, on busy cores for several.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_stopped_at_several_points_and_resumed_equals_uninterrupted(
    case: dict[str, Any], digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    experiment = make_experiment(**case)

    def attempt(
        folder: str, stop_after: int | None, resume: bool
    ) -> tuple[Recorder, TrainingResult]:
        recorder = Recorder(stop_after)
        (tmp_path / folder).mkdir(exist_ok=True)
        result = train(
            experiment, dataset=digits, folder=tmp_path / folder, reporter=recorder, resume=resume
        )
        return recorder, result

    whole, expected = attempt("whole", None, False)
    # Mid-epoch each time, and the second time before the attempt's first epoch is done.
    first, result = attempt("parts", 20, False)
    assert result.stopped
    assert 0 < result.epochs < expected.epochs
    second, result = attempt("parts", 4, True)
    assert result.stopped
    assert second.metrics == first.metrics
    last, result = attempt("parts", None, True)

    # Bit for bit: here every engine computes on a CPU.
    assert last.metrics == whole.metrics
    assert (result.epochs, result.stopped) == (expected.epochs, False)
    assert result.best is not None
    assert expected.best is not None
    assert result.best.epoch == expected.best.epoch
    assert [record.epoch for record in last.history] == list(range(1, expected.epochs + 1))
    seconds = [record.seconds for record in last.history]
    assert seconds == sorted(seconds)


def test_a_finished_run_that_is_resumed_trains_no_more(
    digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    experiment = make_experiment({"epochs": 9, "early_stopping": {"patience": 1, "min_delta": 1.0}})
    first, again = Recorder(), Recorder()
    ended = train(experiment, dataset=digits, folder=tmp_path, reporter=first, resume=False)
    result = train(experiment, dataset=digits, folder=tmp_path, reporter=again, resume=True)

    assert ended.epochs == 2
    assert result == ended
    assert again.metrics == first.metrics
    assert again.batches == []


def test_without_resume_nothing_of_an_earlier_training_is_left(
    digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    first, second = Recorder(), Recorder()
    train(make_experiment(), dataset=digits, folder=tmp_path, reporter=first, resume=False)
    shorter = make_experiment({"epochs": 1})
    train(shorter, dataset=digits, folder=tmp_path, reporter=second, resume=False)

    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["epoch-0001"]
    assert json.loads((tmp_path / "best" / "meta.json").read_text())["epoch"] == 1
    assert second.metrics[0] == first.metrics[0]


TRAINER = """
import json, os, signal, sys
from pathlib import Path
from core.datasets import load
from core.settings import Settings
from core.spec import parse
from core.training.trainer import train
from tests.core.training.recording import Recorder

class Killed(Recorder):
    def die_at(self, moment):
        if moment == os.environ.get("DIE_AT"):
            os.kill(os.getpid(), signal.SIGKILL)
    def phase(self, phase, fraction=None):
        super().phase(phase)
        self.die_at(f"{phase} {len(self.history) + 1}")
    def should_stop(self):
        # Called before every batch, whereas Keras hands over a batch's metrics when it can.
        self.die_at(f"check {self.stop_checks}")
        return super().should_stop()
    def epoch(self, record):
        # After the checkpoint, before it is reported.
        self.die_at(f"reported {record.epoch}")
        super().epoch(record)

recorder = Killed()
train(parse(json.loads(sys.argv[1])), dataset=load("digits", Settings.from_environment()),
      folder=Path(sys.argv[2]), reporter=recorder, resume=os.environ.get("RESUME") == "1")
json.dump([recorder.engine_name, recorder.metrics], sys.stdout)
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ON_EVERY_ENGINE)
def test_killed_anywhere_and_resumed_equals_uninterrupted(
    engine: str, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    case = CASES["dropout, augmentation, Adam, plateau, early stopping"]
    attempt = _trainer(case, engine, make_experiment, tmp_path)

    whole = attempt("whole", None, resume=False)
    assert whole.returncode == 0
    moments = ["check 3", "saving 2", "reported 3", "validating 4"]
    for number, moment in enumerate(moments):
        killed = attempt("killed", moment, resume=number > 0)
        assert killed.returncode == -signal.SIGKILL, moment
    last = attempt("killed", None, resume=True)

    assert last.returncode == 0
    engine_name, history = json.loads(last.stdout)
    assert engine_name == engine
    assert [engine, history] == json.loads(whole.stdout)
    assert len(history) >= 4


@pytest.mark.slow
# A large network to compile, three times over.
@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", ON_EVERY_OTHER_ENGINE)
@pytest.mark.parametrize("case", [EVERY_KIND, MIXED])
def test_every_kind_and_mixed_images_resume_with_every_engine(
    case: str, engine: str, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    attempt = _trainer(CASES[case], engine, make_experiment, tmp_path)
    whole = attempt("whole", None, resume=False)
    killed = attempt("killed", "check 17", resume=False)
    last = attempt("killed", None, resume=True)

    assert killed.returncode == -signal.SIGKILL
    assert (whole.returncode, last.returncode) == (0, 0)
    engine_name, history = json.loads(last.stdout)
    assert engine_name == engine
    assert len(history) == 4
    assert [engine, history] == json.loads(whole.stdout)


def _trainer(
    case: dict[str, Any], engine: str, make_experiment: MakeExperiment, folder: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Returns a function that starts a trainer process and waits until it ends or dies."""
    training = {**case["training"], "engine": engine}
    config = json.dumps(make_experiment(**{**case, "training": training}).to_dict())

    def attempt(run: str, die_at: str | None, resume: bool) -> subprocess.CompletedProcess[str]:
        # The experiment names the engine: the environment's choice must not count.
        environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
        environment |= {"DIE_AT": die_at or "", "RESUME": str(int(resume))}
        (folder / run).mkdir(exist_ok=True)
        return subprocess.run(
            [sys.executable, "-c", TRAINER, config, str(folder / run)],
            env=environment,
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            text=True,
            timeout=280,
            check=False,
        )

    return attempt
