"""The best model is on disk after every epoch, in two forms that predict the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from core.datasets.opened import OpenedDataset
from core.models.saved_model import Architecture, build_in_32_bits
from core.records.phases import Phase
from core.settings import PROJECT_ROOT
from core.training.best_model import BestModel, saved_epoch
from core.training.evaluation import evaluate_test
from core.training.history import best_epoch
from core.training.installed_engines import installed_engines
from core.training.reporter import EpochRecord
from core.training.trainer import train
from tests.core.training.conftest import MakeExperiment, only_with_tensorflow
from tests.core.training.recording import Recorder

MODELS: dict[str, dict[str, Any]] = {
    "plain": {},
    "all random layers, batch norm, standardised": {
        "data": {
            "input_scaling": "standardized",
            "augmentation": {
                "horizontal_flip": True,
                "shift": 0.1,
                "rotation": 10.0,
                "zoom": 0.1,
                "cutout": 0.3,
            },
        },
        "model": {
            "normalization": "batch",
            "activation": "gelu",
            "regularization": {"conv_dropout": 0.2},
        },
    },
    "16 bits, layer norm": {
        "training": {"mixed_precision": True},
        "model": {"normalization": "layer", "flatten": "global_average"},
    },
}


def record(epoch: int, val_accuracy: float, seconds: float = 1.0) -> EpochRecord:
    return EpochRecord(epoch, {"val_accuracy": val_accuracy, "val_loss": 1.0}, seconds, epoch)


@only_with_tensorflow
@pytest.mark.parametrize("case", MODELS.values(), ids=list(MODELS))
def test_keras_and_litert_files_give_the_same_numbers(
    case: dict[str, Any], digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    recorder = Recorder()
    case = {**case, "training": {"epochs": 2, **case.get("training", {})}}
    train(make_experiment(**case), dataset=digits, folder=tmp_path, reporter=recorder, resume=False)

    kinds = {kind for kind, _, _ in recorder.artifacts}
    assert kinds == {"best_model", "checkpoint", "litert"}
    keras_answers = keras.saving.load_model(tmp_path / "best" / "best.keras").predict(
        digits.test_images[:20], verbose=0
    )
    interpreter = Interpreter(str(tmp_path / "litert" / "best.tflite"))
    interpreter.allocate_tensors()
    (source,), (target,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert source["dtype"] is np.uint8
    assert source["shape"].tolist() == [1, 8, 8, 1]
    for image, expected in zip(digits.test_images[:20], keras_answers, strict=True):
        interpreter.set_tensor(source["index"], image[None])
        interpreter.invoke()
        answer = interpreter.get_tensor(target["index"])[0]
        assert answer.sum() == pytest.approx(1.0, abs=1e-5)
        np.testing.assert_allclose(answer, expected, atol=1e-5)


@only_with_tensorflow
def test_a_process_of_its_own_exports_what_another_engine_trained(
    digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    experiment = make_experiment()
    train(experiment, dataset=digits, folder=tmp_path, reporter=Recorder(), resume=False)
    model_file, target = tmp_path / "best" / "best.keras", tmp_path / "elsewhere.tflite"
    subprocess.run(
        [sys.executable, "-m", "core.training.litert", str(model_file), str(target)],
        input=Architecture(experiment, (8, 8, 1), 10).to_json(),
        text=True,
        cwd=PROJECT_ROOT,
        env=os.environ | {"KERAS_BACKEND": "tensorflow"},
        timeout=120,
        check=True,
    )

    interpreter = Interpreter(str(target))
    interpreter.allocate_tensors()
    (source,), (answer,) = interpreter.get_input_details(), interpreter.get_output_details()
    expected = keras.saving.load_model(model_file).predict(digits.test_images[:20], verbose=0)
    for image, row in zip(digits.test_images[:20], expected, strict=True):
        interpreter.set_tensor(source["index"], image[None])
        interpreter.invoke()
        np.testing.assert_allclose(interpreter.get_tensor(answer["index"])[0], row, atol=1e-5)


@pytest.mark.skipif("tensorflow" in installed_engines(), reason="TensorFlow is installed here")
def test_without_tensorflow_only_the_litert_file_is_left_out(
    digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    recorder = Recorder()
    train(make_experiment(), dataset=digits, folder=tmp_path, reporter=recorder, resume=False)

    assert {kind for kind, _, _ in recorder.artifacts} == {"best_model", "checkpoint"}
    assert saved_epoch(tmp_path) is not None
    assert not (tmp_path / "litert").exists()


@only_with_tensorflow
def test_both_files_are_of_the_best_epoch_and_say_so(
    digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    recorder = Recorder()
    experiment = make_experiment({"epochs": 5, "learning_rate": 0.03})
    result = train(experiment, dataset=digits, folder=tmp_path, reporter=recorder, resume=False)
    meta = json.loads((tmp_path / "best" / "meta.json").read_text())
    litert_meta = json.loads((tmp_path / "litert" / "best.json").read_text())

    assert result.best == best_epoch(recorder.history)
    assert meta["epoch"] == litert_meta["epoch"] == result.best.epoch
    assert litert_meta["class_names"] == list(digits.class_names)
    assert saved_epoch(tmp_path) == result.best.epoch
    assert (tmp_path / "checkpoints" / f"epoch-{result.best.epoch:04d}").is_dir()


def test_of_equal_epochs_the_earlier_is_the_best() -> None:
    history = [record(1, 0.5), record(2, 0.7), record(3, 0.7), record(4, 0.6)]

    assert best_epoch(history) is history[1]
    assert best_epoch([]) is None


@only_with_tensorflow
def test_exports_between_first_and_last_stay_within_their_share_of_the_time(
    make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    architecture = Architecture(make_experiment(), (4, 4, 1), 2)
    model = build_in_32_bits(architecture, None, None)
    recorder = Recorder()
    best = BestModel(tmp_path, ("a", "b"), recorder, architecture)

    def exported() -> list[int]:
        return [epoch for kind, _, epoch in recorder.artifacts if kind == "litert"]

    best.save(model, record(1, 0.1, seconds=0.01))
    assert exported() == [1]
    best.save(model, record(2, 0.2, seconds=0.02))
    assert exported() == [1]
    best.save(model, record(3, 0.3, seconds=10_000.0))
    assert exported() == [1, 3]
    best.save(model, record(4, 0.4, seconds=0.04))
    best.finish()
    best.finish()
    assert exported() == [1, 3, 4]
    assert [epoch for kind, _, epoch in recorder.artifacts if kind == "best_model"] == [1, 2, 3, 4]


@only_with_tensorflow
def test_exports_that_fail_keep_to_the_same_share(
    make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    # A folder with content is where the file should be written.
    (tmp_path / "litert" / "best.tflite" / "in the way").mkdir(parents=True)
    architecture = Architecture(make_experiment(), (4, 4, 1), 2)
    model = build_in_32_bits(architecture, None, None)
    recorder = Recorder()
    best = BestModel(tmp_path, ("a", "b"), recorder, architecture)

    tried = []
    for epoch, seconds in enumerate([0.01, 0.02, 10_000.0, 0.04], start=1):
        best.save(model, record(epoch, 0.1 * epoch, seconds))
        tried.append(recorder.phases.count(Phase.EXPORTING))

    assert tried == [1, 1, 2, 2]
    assert {kind for kind, _, _ in recorder.artifacts} == {"best_model"}


def test_a_damaged_best_model_is_saved_again_on_resume(
    digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    result = train(
        make_experiment(), dataset=digits, folder=tmp_path, reporter=Recorder(), resume=False
    )
    file = tmp_path / "best" / "best.keras"
    whole = keras.saving.load_model(file).predict(digits.test_images[:5], verbose=0)
    file.write_bytes(file.read_bytes()[:1000])
    assert saved_epoch(tmp_path) is None

    train(make_experiment(), dataset=digits, folder=tmp_path, reporter=Recorder(), resume=True)

    assert result.best is not None
    assert saved_epoch(tmp_path) == result.best.epoch
    again = keras.saving.load_model(file).predict(digits.test_images[:5], verbose=0)
    np.testing.assert_array_equal(again, whole)


def test_test_scores_are_those_that_keras_itself_finds(
    digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    experiment = make_experiment()
    train(experiment, dataset=digits, folder=tmp_path, reporter=Recorder(), resume=False)
    scores = evaluate_test(experiment, tmp_path, digits)
    model = keras.saving.load_model(tmp_path / "best" / "best.keras")
    model.compile(loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    expected = model.evaluate(
        np.array(digits.test_images), np.array(digits.test_labels), verbose=0, return_dict=True
    )

    assert json.loads(json.dumps(scores)) == scores
    assert scores["epoch"] == saved_epoch(tmp_path)
    assert scores["loss"] == pytest.approx(expected["loss"], rel=1e-5)
    assert scores["accuracy"] == pytest.approx(expected["accuracy"])
    confusion = np.array(scores["confusion"])
    assert confusion.sum() == len(digits.test_labels)
    assert confusion.sum(axis=1).tolist() == np.bincount(digits.test_labels).tolist()
    assert np.trace(confusion) / confusion.sum() == pytest.approx(scores["accuracy"])
    assert scores["class_accuracy"]["3"] == confusion[3, 3] / confusion[3].sum()


def test_without_exports_the_best_model_exists_for_keras_only(
    digits: OpenedDataset, make_experiment: MakeExperiment, tmp_path: Path
) -> None:
    reporter = Recorder()
    train(
        make_experiment(training={"epochs": 2}),
        dataset=digits,
        folder=tmp_path,
        reporter=reporter,
        resume=False,
        exports=False,
    )
    assert saved_epoch(tmp_path) is not None
    assert not (tmp_path / "litert").exists()
