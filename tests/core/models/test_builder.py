"""Seeds, scaling, augmentation and precision of the models that are built."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from keras.ops import convert_to_numpy as to_numpy

from core.models.builder import build, layer_seed
from core.models.plan import OUTPUT
from core.spec.blocks import Activation
from core.spec.model import Initializer
from tests.core.models.example_models import conv, experiment, plan_of

SHAPE = (12, 12, 3)
AUGMENTATION = {
    "horizontal_flip": True,
    "shift": 0.2,
    "rotation": 20.0,
    "zoom": 0.2,
    "cutout": 0.5,
}


@pytest.fixture
def mixed_precision() -> Iterator[None]:
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy("float32")


def network(seed: int = 1, data: dict[str, Any] | None = None, **model: Any) -> keras.Model:
    spec = experiment({"convolutions": [conv(filters=4)]}, data=data, **model)
    return build(plan_of(spec, SHAPE), seed=seed, mean=[0.5, 0.4, 0.3], std=[0.2, 0.25, 0.1])


def images(count: int = 16) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, *SHAPE), dtype=np.uint8)


def up_to(model: keras.Model, name: str) -> keras.Model:
    return keras.Model(model.input, model.get_layer(name).output)


def test_equal_seeds_equal_models() -> None:
    first, second, other = network(7), network(7), network(8)
    for one, two, three in zip(first.weights, second.weights, other.weights, strict=True):
        assert np.array_equal(to_numpy(one), to_numpy(two))
        if "kernel" in one.name:
            assert not np.array_equal(to_numpy(one), to_numpy(three))


def test_every_layer_starts_from_a_seed_of_its_own() -> None:
    spec = experiment({"convolutions": [conv(filters=3, repeats=3)], "pooling": "none"})
    model = build(plan_of(spec, SHAPE), seed=1)
    second, third = (to_numpy(model.get_layer(f"stage1_conv{n}").kernel) for n in (2, 3))
    assert second.shape == third.shape
    assert not np.array_equal(second, third)


def test_layer_seeds_are_the_same_everywhere() -> None:
    assert layer_seed(1, "stage1_conv1") == 1608717751
    assert layer_seed(1, "stage1_conv1") != layer_seed(1, "stage1_conv2")


def test_dropout_and_augmentation_repeat_with_the_seed() -> None:
    def training_outputs(seed: int) -> np.ndarray:
        model = network(seed, {"augmentation": AUGMENTATION}, regularization={"conv_dropout": 0.5})
        return to_numpy(model(images(), training=True))

    assert np.array_equal(training_outputs(1), training_outputs(1))
    assert not np.array_equal(training_outputs(1), training_outputs(2))


@pytest.mark.parametrize("scaling", ["unit", "standardized"])
def test_bytes_and_floats_give_the_same_probabilities(scaling: str) -> None:
    model = network(data={"input_scaling": scaling})
    from_bytes = model.predict(images(), verbose=0)
    assert np.array_equal(from_bytes, model.predict(images().astype("float32"), verbose=0))
    assert from_bytes.sum(axis=1) == pytest.approx(np.ones(16), abs=1e-5)


def test_scaling_is_part_of_the_model() -> None:
    unit = up_to(network(), "scaling").predict(images(), verbose=0)
    assert unit == pytest.approx(images() / 255, abs=1e-6)
    own = up_to(network(data={"input_scaling": "standardized"}), "scaling")
    expected = (images() / 255 - [0.5, 0.4, 0.3]) / [0.2, 0.25, 0.1]
    assert own.predict(images(), verbose=0) == pytest.approx(expected, abs=1e-5)


def test_a_channel_without_variance_stays_finite() -> None:
    spec = experiment({"convolutions": [conv()]}, data={"input_scaling": "standardized"})
    model = build(plan_of(spec, SHAPE), seed=1, mean=[0.0] * 3, std=[0.0] * 3)
    assert np.abs(up_to(model, "scaling").predict(images(), verbose=0)).max() <= 255.001


def test_a_standardised_model_asks_for_the_statistics() -> None:
    spec = experiment({"convolutions": [conv()]}, data={"input_scaling": "standardized"})
    with pytest.raises(ValueError, match="mean and std"):
        build(plan_of(spec, SHAPE), seed=1)


@pytest.mark.parametrize("option", AUGMENTATION)
def test_each_augmentation_changes_training_and_nothing_else(option: str) -> None:
    model = network(data={"augmentation": {option: AUGMENTATION[option]}})
    layer = model.layers[2]
    pixels = (images() / 255).astype("float32")
    assert np.array_equal(to_numpy(layer(pixels, training=False)), pixels)
    changed = to_numpy(layer(pixels, training=True))
    assert changed.shape == pixels.shape
    assert not np.array_equal(changed, pixels)
    assert changed.min() >= -1e-6
    assert changed.max() <= 1.0 + 1e-6


def test_a_cutout_is_a_square_of_the_stated_side() -> None:
    model = network(data={"augmentation": {"cutout": 0.5}})
    ones = np.ones((32, *SHAPE), "float32")
    blanked = 1.0 - to_numpy(model.get_layer("random_erasing")(ones, training=True))
    assert blanked[..., 0].sum(axis=(1, 2)) == pytest.approx(np.full(32, 36.0))


def test_a_saved_model_with_everything_switched_on_comes_back(tmp_path: Path) -> None:
    data = {"input_scaling": "standardized", "augmentation": AUGMENTATION}
    rates = {"conv_dropout": 0.2, "dropout_kind": "spatial", "stochastic_depth": 0.2}
    stage = {"convolutions": [conv("residual", filters=4)], "pooling": "strided_convolution"}
    spec = experiment(
        stage,
        data=data,
        normalization="group",
        normalization_groups=2,
        dense=[{"units": 5}],
        regularization=rates | {"conv_l1": 1e-4, "dense_l2": 1e-3},
    )
    model = build(plan_of(spec, SHAPE), seed=1, mean=[0.5, 0.4, 0.3], std=[0.2, 0.25, 0.1])
    model.save(tmp_path / "model.keras")
    back = keras.models.load_model(tmp_path / "model.keras")
    expected = model.predict(images(), verbose=0)
    assert np.array_equal(back.predict(images(), verbose=0), expected)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow exports it")
def test_the_litert_export_answers_alike_and_leaves_augmentation_out(tmp_path: Path) -> None:
    data = {"input_scaling": "standardized", "augmentation": AUGMENTATION}
    model = network(data=data, normalization="batch", regularization={"conv_dropout": 0.5})
    path = tmp_path / "model.tflite"
    model.export(path, format="litert", verbose=False)
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    entry, exit_ = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    answers = []
    for image in images():
        interpreter.set_tensor(entry["index"], image[None].astype("float32"))
        interpreter.invoke()
        answers.append(interpreter.get_tensor(exit_["index"])[0])
    assert np.array(answers) == pytest.approx(model.predict(images(), verbose=0), abs=1e-5)
    operations = {each["op_name"] for each in interpreter._get_ops_details()}
    assert not [each for each in operations if "RANDOM" in each or "Projective" in each]


@pytest.mark.usefixtures("mixed_precision")
def test_mixed_precision_keeps_both_ends_in_32_bits() -> None:
    model = network(data={"input_scaling": "standardized"})
    assert model.get_layer("stage1_conv1").compute_dtype == "float16"
    assert model.get_layer("scaling").compute_dtype == "float32"
    assert model.get_layer(OUTPUT).compute_dtype == "float32"
    probabilities = model.predict(images(), verbose=0)
    assert probabilities.dtype == np.float32
    assert np.isfinite(probabilities).all()


def test_stochastic_depth_skips_whole_images_and_nothing_outside_training() -> None:
    unit = {"convolutions": [conv("residual", filters=3)], "pooling": "none"}
    spec = experiment(unit, regularization={"stochastic_depth": 0.5})
    layer = build(plan_of(spec, SHAPE), seed=1).get_layer("stage1_conv1_skip")
    ones = np.ones((200, *SHAPE), "float32")
    assert np.array_equal(to_numpy(layer(ones, training=False)), ones)
    kept = to_numpy(layer(ones, training=True)).reshape(200, -1)
    assert np.array_equal(kept.min(axis=1), kept.max(axis=1))
    # What stays is scaled up, so that the mean over many images is what it was.
    assert set(kept[:, 0]) == {0.0, 2.0}
    assert 60 < np.count_nonzero(kept[:, 0]) < 140


def test_every_random_layer_keeps_its_state_where_checkpoints_find_it() -> None:
    rates = {"conv_dropout": 0.5, "dropout_kind": "spatial", "stochastic_depth": 0.5}
    unit = {"convolutions": [conv("residual", filters=3)], "pooling": "none"}
    model = build(plan_of(experiment(unit, regularization=rates), SHAPE), seed=1)
    states = [each for each in model.variables if "seed" in each.path]
    before = [to_numpy(each) for each in states]
    model(images(), training=True)
    assert len(states) == 2
    for old, new in zip(before, states, strict=True):
        assert not np.array_equal(old, to_numpy(new))


def test_spatial_dropout_switches_off_whole_maps() -> None:
    rates = {"conv_dropout": 0.5, "dropout_kind": "spatial"}
    layer = network(regularization=rates).get_layer("stage1_dropout")
    maps = to_numpy(layer(np.ones((50, 6, 6, 4), "float32"), training=True)).reshape(50, 36, 4)
    assert np.array_equal(maps.min(axis=1), maps.max(axis=1))
    assert set(maps[:, 0].ravel()) == {0.0, 2.0}


def test_group_norm_looks_at_one_image_and_its_own_channels() -> None:
    model = network(normalization="group", normalization_groups=2)
    layer = model.get_layer("stage1_conv1_norm")
    maps = np.random.default_rng(0).normal(3.0, 2.0, (5, 6, 6, 4)).astype("float32")
    groups = to_numpy(layer(maps)).reshape(5, 36, 2, 2)
    assert groups.mean(axis=(1, 3)) == pytest.approx(np.zeros((5, 2)), abs=1e-5)
    assert groups.std(axis=(1, 3)) == pytest.approx(np.ones((5, 2)), abs=1e-3)


@pytest.mark.parametrize("activation", Activation)
def test_every_activation_is_keras_own(activation: Activation) -> None:
    layer = network(activation=activation.value).get_layer(f"stage1_conv1_{activation.value}")
    pixels = np.linspace(-2, 2, 9, dtype="float32")
    expected = getattr(keras.activations, activation.value)(pixels)
    assert np.array_equal(to_numpy(layer(pixels)), to_numpy(expected))


@pytest.mark.parametrize("initializer", Initializer)
def test_every_initialiser_reaches_every_kernel(initializer: Initializer) -> None:
    model = network(kernel_initializer=initializer.value, dense=[{"units": 4}])
    for name in ("stage1_conv1", "dense1", OUTPUT):
        config = model.get_layer(name).kernel_initializer
        assert keras.initializers.serialize(config)["class_name"].lower() == (
            initializer.value.replace("_", "")
        )
