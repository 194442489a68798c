"""Every kind of convolution builds, learns, saves and comes back the same."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from keras.ops import convert_to_numpy as to_numpy

from core.models.blocks import BLOCKS
from core.models.builder import build
from core.training.litert import convert
from tests.core.models.example_models import one_of, plan_of

SHAPE = (11, 13, 3)


def images(count: int = 8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *SHAPE), dtype=np.uint8)


def built(kind: str, **model: object) -> keras.Model:
    return build(plan_of(one_of(kind, **model), SHAPE), seed=3)


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_block_trains_one_step_saves_and_comes_back(kind: str, tmp_path: Path) -> None:
    model = built(kind, normalization="batch")
    model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy", jit_compile=False)
    before = [to_numpy(weight) for weight in model.trainable_weights]
    model.fit(images(), np.arange(8), batch_size=8, epochs=1, verbose=0)
    changed = [
        not np.array_equal(old, to_numpy(new))
        for old, new in zip(before, model.trainable_weights, strict=True)
    ]
    assert all(changed)
    expected = model.predict(images(), verbose=0)
    model.save(tmp_path / "model.keras")
    back = built(kind, normalization="batch")
    back.load_weights(tmp_path / "model.keras")
    assert np.array_equal(back.predict(images(), verbose=0), expected)
    # With nothing of the lab at hand; a grouped convolution is added up in another order then.
    elsewhere = keras.models.load_model(tmp_path / "model.keras")
    assert elsewhere.predict(images(), verbose=0) == pytest.approx(expected, abs=1e-6)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow exports it")
@pytest.mark.parametrize("kind", BLOCKS)
def test_a_block_answers_alike_as_litert(kind: str, tmp_path: Path) -> None:
    model = built(kind, normalization="batch")
    convert(model, tmp_path / "model.tflite")
    interpreter = Interpreter(str(tmp_path / "model.tflite"))
    interpreter.allocate_tensors()
    entry, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    answers = []
    for image in images():
        interpreter.set_tensor(entry["index"], image[None])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(exit_["index"])[0])
    assert np.array(answers) == pytest.approx(model.predict(images(), verbose=0), abs=1e-5)


@pytest.mark.parametrize("kind", BLOCKS)
def test_l1_and_l2_weigh_every_kernel_and_nothing_else(kind: str) -> None:
    coefficients = {"conv_l1": 0.02, "conv_l2": 0.01, "dense_l2": 0.1}
    model = built(kind, normalization="batch", regularization=coefficients)
    penalty = 0.0
    for weight in model.trainable_weights:
        if "kernel" in weight.name:
            values = to_numpy(weight)
            l1, l2 = (0.0, 0.1) if "probabilities" in weight.path else (0.02, 0.01)
            penalty += float(l1 * np.abs(values).sum() + l2 * np.square(values).sum())
    assert penalty > 0
    assert sum(float(loss) for loss in model.losses) == pytest.approx(penalty, rel=1e-5)


def test_l1_alone_on_dense_kernels() -> None:
    model = built("normal", regularization={"dense_l1": 0.5})
    kernel = to_numpy(model.get_layer("probabilities").kernel)
    assert [float(loss) for loss in model.losses] == pytest.approx([0.5 * np.abs(kernel).sum()])


def test_without_l2_there_is_no_penalty() -> None:
    assert built("normal").losses == []
