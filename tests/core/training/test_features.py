"""Features of a frozen backbone: computed once, the same scores, nothing left behind."""

from __future__ import annotations

import logging
import shutil
from collections import namedtuple
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.records.phases import Phase
from core.training import features
from core.training.batches import Batches
from core.training.features import TrainValidation
from core.training.loop import StopRequested
from tests.core.training.recording import Recorder

DiskUsage = namedtuple("DiskUsage", "total used free")
ENGINE = keras.config.backend()


def network(
    *,
    before: keras.layers.Layer | None = None,
    inside: keras.layers.Layer | None = None,
    trainable: bool = False,
) -> keras.Model:
    """Images (8, 8, 3), a small backbone with batch norm, pooling, dropout, two dense layers."""
    maps = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3)(maps)
    x = keras.layers.BatchNormalization()(x)
    backbone = keras.Model(maps, inside(x) if inside else x, name="backbone")
    backbone.trainable = trainable
    images = keras.Input((8, 8, 3), name="images")
    x = keras.layers.Rescaling(1 / 255)(images)
    x = backbone(before(x) if before else x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.5, seed=1)(x)
    x = keras.layers.Dense(5, kernel_regularizer="l2")(x)
    return keras.Model(images, keras.layers.Dense(3, activation="softmax")(x))


def make_batches() -> TrainValidation:
    """50 images to train on in batches of 16, 9 to validate, out of 60 in another order."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 8, 8, 3), dtype=np.uint8)
    labels = rng.integers(0, 3, 60)
    order = rng.permutation(60)
    return (
        Batches(images, labels, order[:50], batch_size=16, seed=4),
        Batches(images, labels, order[50:59], batch_size=16, seed=None),
    )


@contextmanager
def computed(
    model: keras.Model, of: TrainValidation, folder: Path, reporter: Recorder
) -> Iterator[TrainValidation | None]:
    parts = features.split_model(model)
    assert parts is not None
    with features.kept_features(
        parts, of, run_folder=folder, engine=ENGINE, reporter=reporter
    ) as found:
        yield found


def test_head_on_features_answers_as_the_network_on_images(tmp_path: Path) -> None:
    model, (train, validation), reporter = network(), make_batches(), Recorder()
    parts = features.split_model(model)
    assert parts is not None
    with computed(model, (train, validation), tmp_path, reporter) as found:
        assert found is not None
        for images, of_features in zip((train, validation), found, strict=True):
            for epoch in (0, 1):
                images.begin(epoch)
                of_features.begin(epoch)
                assert of_features.num_batches == images.num_batches
                for index in range(images.num_batches):
                    pixels, labels = images[index]
                    inputs, targets = of_features[index]
                    assert inputs.dtype == np.float32
                    np.testing.assert_array_equal(targets, labels)
                    np.testing.assert_allclose(
                        parts.head.predict_on_batch(inputs),
                        model.predict_on_batch(pixels),
                        rtol=1e-5,
                        atol=1e-6,
                    )
        assert (tmp_path / "features" / "train.npy").is_file()
    assert list(tmp_path.iterdir()) == []
    assert set(reporter.phases) == {Phase.COMPUTING_FEATURES}


def test_sixteen_bits_are_kept_without_a_loss(tmp_path: Path) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = network()
    finally:
        keras.config.set_dtype_policy("float32")
    parts = features.split_model(model)
    assert parts is not None
    train, validation = make_batches()
    with computed(model, (train, validation), tmp_path, Recorder()) as found:
        assert found is not None
        for images, of_features in zip((train, validation), found, strict=True):
            answer = parts.head.predict_on_batch(of_features[0][0])
            expected = model.predict_on_batch(images[0][0])
            np.testing.assert_array_equal(np.float32(answer), np.float32(expected))


def test_what_learns_is_in_the_head_and_is_the_networks_own() -> None:
    model = network()
    parts = features.split_model(model)
    assert parts is not None
    learning = [id(each) for each in parts.head.trainable_variables]
    assert learning == [id(each) for each in model.trainable_variables]
    assert parts.front.trainable_variables == []
    # Pooled maps, not maps: a number a map.
    assert parts.shape == (4,)


@pytest.mark.parametrize(
    "unsteady",
    [
        {"trainable": True},
        {"before": keras.layers.RandomFlip("horizontal", seed=1)},
        {"inside": keras.layers.Dropout(0.2, seed=1)},
    ],
    ids=["a backbone that learns", "augmentation before it", "dropout inside it"],
)
def test_features_that_change_are_not_kept(unsteady: dict[str, Any]) -> None:
    assert features.split_model(network(**unsteady)) is None


def test_a_network_without_a_backbone_is_not_cut() -> None:
    images = keras.Input((8, 8, 3))
    plain = keras.Model(images, keras.layers.Dense(3)(keras.layers.Flatten()(images)))
    assert features.split_model(plain) is None


@pytest.mark.parametrize("damage", [None, "short", "empty", "other weights"])
def test_what_a_killed_trainer_left_is_used_if_it_is_whole_and_right(
    damage: str | None, tmp_path: Path
) -> None:
    model, of = network(), make_batches()
    with computed(model, of, tmp_path, Recorder()) as found:
        assert found is not None
        expected = [np.array(each.take(each.order)[0]) for each in found]
        shutil.copytree(tmp_path / "features", tmp_path / "kept")
    (tmp_path / "kept").rename(tmp_path / "features")
    if damage == "short":
        file = tmp_path / "features" / "train.npy"
        file.write_bytes(file.read_bytes()[:-8])
    if damage == "empty":
        (tmp_path / "features" / "train.npy").write_bytes(b"")
    if damage == "other weights":
        kernel = model.get_layer("backbone").weights[0]
        kernel.assign(2.0 * kernel)

    reporter = Recorder()
    with computed(model, of, tmp_path, reporter) as found:
        assert found is not None
        again = [np.array(each.take(each.order)[0]) for each in found]
    assert bool(reporter.phases) is (damage is not None)
    same = [np.array_equal(*pair) for pair in zip(expected, again, strict=True)]
    assert all(same) is (damage != "other weights")


def test_without_room_on_the_disk_there_are_no_features_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: DiskUsage(10**6, 10**6 - 900, 900))
    with (
        caplog.at_level(logging.WARNING),
        computed(network(), make_batches(), tmp_path, Recorder()) as found,
    ):
        assert found is None
    assert "features are not kept" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_stop_while_features_are_computed_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(StopRequested),
        computed(network(), make_batches(), tmp_path, Recorder(stop_after=2)),
    ):
        pytest.fail("stopped before there was anything to train on")
    assert list(tmp_path.iterdir()) == []
