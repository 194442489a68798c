"""A backbone as Keras builds it: prepared images, frozen layers, a file that loads anywhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras.src.utils import file_utils

from core.models.backbones import catalog
from core.models.backbones.model import unfreeze
from core.models.builder import build
from core.spec import Experiment
from core.spec.backbone import Trainable
from tests.core.models.backbones.test_catalog import experiment, plan_of

SIDE = 32


def built(spec: Experiment, shape: tuple[int, int, int] = (16, 16, 3)) -> keras.Model:
    return build(plan_of(spec, shape), seed=1)


def images(shape: tuple[int, int, int], number: int = 4) -> Any:
    pixels = np.random.default_rng(0).integers(0, 256, (number, *shape))
    return pixels.astype("float32")


def weights_of(network: keras.Model) -> list[Any]:
    return [keras.ops.convert_to_numpy(each) for each in network.weights]


@pytest.mark.parametrize("name", ["MobileNetV2", "VGG16", "DenseNet121", "MobileNetV3Small"])
def test_images_reach_it_as_keras_prepares_them(name: str) -> None:
    # One of each of Keras' ways: tf, caffe, torch, none.
    shape = (SIDE, SIDE, 3)
    network = built(experiment(name, image_size=SIDE), shape)
    prepared = keras.Model(network.inputs, network.get_layer("as_it_expects").output)
    module = sys.modules[getattr(keras.applications, name).__module__]
    expected = module.preprocess_input(images(shape))
    found = prepared.predict(images(shape), verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=2e-4)
    keras.backend.clear_session()


def test_every_way_of_preparing_is_known() -> None:
    ways = {catalog.info(name).preprocessing for name in catalog.names()}
    assert ways == {"tf", "caffe", "torch", "none", "efficientnet"}


def test_efficientnet_sees_images_as_keras_shows_them_with_imagenet_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With these weights, and not without, Keras puts one more scaling into the model.
    shape, file = (SIDE, SIDE, 3), tmp_path / "efficientnet.weights.h5"
    network = built(experiment("EfficientNetB0", image_size=SIDE), shape)
    backbone = network.get_layer("backbone")
    normalization = next(e for e in backbone.layers if isinstance(e, keras.layers.Normalization))
    # What Keras' file holds there: deviations, in the place of variances.
    mean, variance = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    normalization.set_weights([mean, variance, np.array(1)])
    normalization.finalize_state()
    backbone.save_weights(file)
    monkeypatch.setattr(file_utils, "get_file", lambda *_, **__: str(file))
    theirs = keras.applications.EfficientNetB0(include_top=False, input_shape=shape)
    ours = keras.Model(network.inputs, backbone(network.get_layer("as_it_expects").output))
    expected = theirs.predict(images(shape), verbose=0)
    found = ours.predict(images(shape), verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    keras.backend.clear_session()


def test_resizing_is_kerass_own() -> None:
    network = built(experiment(image_size=SIDE), (10, 14, 3))
    resized = keras.Model(network.inputs, network.get_layer("resize").output)
    expected = keras.ops.image.resize(images((10, 14, 3)) / 255.0, (SIDE, SIDE))
    found = resized.predict(images((10, 14, 3)), verbose=0)
    np.testing.assert_allclose(found, keras.ops.convert_to_numpy(expected), atol=1e-5)


def test_grey_images_are_shown_in_three_equal_colours() -> None:
    network = built(experiment(image_size=SIDE), (8, 8, 1))
    shown = keras.Model(network.inputs, network.get_layer("grey_as_colour").output)
    found = shown.predict(images((8, 8, 1)), verbose=0)
    assert found.shape == (4, 8, 8, 3)
    np.testing.assert_array_equal(found[..., 0], found[..., 2])


def test_weights_follow_from_the_seed() -> None:
    first, again, other = (
        weights_of(build(plan_of(experiment(image_size=SIDE)), seed=seed)) for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize(
    ("trainable", "unfrozen_layers"), [("none", 20), ("last", 20), ("last", 154), ("all", 1)]
)
def test_as_many_parameters_learn_as_planned(trainable: str, unfrozen_layers: int) -> None:
    spec = experiment(image_size=SIDE, trainable=trainable, unfrozen_layers=unfrozen_layers)
    network = built(spec)
    planned = plan_of(spec)
    assert network.count_params() == planned.parameters
    assert sum(int(np.prod(w.shape)) for w in network.trainable_weights) == planned.trainable
    # The same from another state, as a second segment does.
    other = built(experiment(image_size=SIDE))
    unfreeze(other, Trainable(trainable), unfrozen_layers)
    assert len(other.trainable_weights) == len(network.trainable_weights)
    keras.backend.clear_session()


def test_a_training_step_leaves_what_is_frozen_alone() -> None:
    spec = experiment(image_size=SIDE, trainable="last", unfrozen_layers=3)
    network = built(spec)
    backbone = network.get_layer("backbone")
    before = {layer.name: layer.get_weights() for layer in backbone.layers}
    network.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    network.fit(images((16, 16, 3)), np.arange(4), batch_size=2, verbose=0)
    changed = {
        layer.name
        for layer in backbone.layers
        if not all(map(np.array_equal, before[layer.name], layer.get_weights()))
    }
    # The moving statistics of every other batch norm are at rest.
    assert changed == {"Conv_1", "Conv_1_bn"}
    keras.backend.clear_session()


def test_more_layers_than_there_are_are_no_silent_all() -> None:
    network = built(experiment(image_size=SIDE))
    with pytest.raises(ValueError, match="155"):
        unfreeze(network, Trainable.LAST, 155)


@pytest.mark.parametrize("name", ["MobileNetV2", "VGG16"])
def test_a_saved_model_needs_nothing_of_the_lab(name: str, tmp_path: Path) -> None:
    network = built(experiment(name, image_size=SIDE))
    path = tmp_path / "network.keras"
    network.save(path)
    np.save(tmp_path / "expected.npy", network.predict(images((16, 16, 3)), verbose=0))
    np.save(tmp_path / "images.npy", images((16, 16, 3)))
    script = (
        "import keras, numpy as np\n"
        "network = keras.saving.load_model('network.keras')\n"
        "found = network.predict(np.load('images.npy'), verbose=0)\n"
        "np.testing.assert_allclose(found, np.load('expected.npy'), atol=1e-5)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=250)
    keras.backend.clear_session()
