"""Weights from files that Keras wrote, old and new, from another run; and what is refused."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from pydantic import ValidationError

from core.errors import TrainingFailed
from core.models.backbones import catalog, weights, weights_file
from core.models.backbones.catalog import WeightsFile
from core.models.backbones.loader import load_weights
from core.models.builder import build
from core.spec.backbone import Backbone
from tests.core.models.backbones.test_catalog import experiment, plan_of

# The smallest of them.
SMALL = "MobileNetV3Small"
RUN = "0123456789abcdef0123456789abcdef"


def backbone(network: str = SMALL, **source: Any) -> Backbone:
    return Backbone.model_validate({"network": network, "image_size": 32, "weights": source})


def lab_model(seed: int = 1) -> keras.Model:
    return build(plan_of(experiment(SMALL, image_size=32)), seed=seed)


@pytest.fixture(scope="module")
def learnt() -> keras.Model:
    """Weights that no seed of the tests gives."""
    keras.utils.set_random_seed(99)
    make = getattr(keras.applications, SMALL)
    network: keras.Model = make(weights=None, include_top=False, input_shape=(32, 32, 3))
    network.set_weights([w + 0.5 for w in network.get_weights()])
    return network


def with_top(_learnt: keras.Model) -> keras.Model:
    network = getattr(keras.applications, SMALL)(weights=None, classes=7)
    values = network.get_weights()
    values[: len(_learnt.weights)] = _learnt.get_weights()
    network.set_weights(values)
    return network


def old(network: keras.Model, path: Path) -> None:
    """As keras.applications' own files are: layers by name in an order."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([e.name for e in network.layers], dtype="S")
        for layer in network.layers:
            group = file.create_group(layer.name)
            names = [f"{layer.name}/{i}:0" for i, _ in enumerate(layer.weights)]
            group.attrs["weight_names"] = np.array(names, dtype="S")
            for name, value in zip(names, layer.get_weights(), strict=True):
                group[name] = value


FORMS: dict[str, Callable[[keras.Model, Path], None]] = {
    "old.h5": old,
    "whole_model.h5": lambda network, path: network.save(path),
    "new.weights.h5": lambda network, path: network.save_weights(path),
    "network.keras": lambda network, path: network.save(path),
}


@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5")
@pytest.mark.parametrize("name", FORMS)
def test_every_form_that_keras_writes(name: str, learnt: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / name
    FORMS[name](learnt, path)
    assert weights_file.problem(path, catalog.info(SMALL)) == ""
    network = lab_model()
    load_weights(network, backbone(kind="file", path=str(path)), tmp_path)
    for found, expected in zip(
        network.get_layer("backbone").get_weights(), learnt.get_weights(), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_a_file_of_the_model_with_its_top(learnt: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "top.h5"
    old(with_top(learnt), path)
    network = lab_model()
    load_weights(network, backbone(kind="file", path=str(path)), tmp_path)
    found = network.get_layer("backbone").get_weights()
    assert all(map(np.array_equal, found, learnt.get_weights()))


def a_run(runs: Path, seed: int = 7) -> keras.Model:
    folder = runs / RUN / "best"
    folder.mkdir(parents=True)
    network = lab_model(seed)
    network.save(folder / "best.keras")
    return network


def test_the_best_model_of_another_run(tmp_path: Path) -> None:
    other = a_run(tmp_path).get_layer("backbone").get_weights()
    spec = backbone(kind="run", run=RUN[:6])
    assert weights.problem(spec, catalog.info(SMALL), tmp_path) is None
    network = lab_model()
    head = network.get_layer("probabilities").get_weights()
    load_weights(network, spec, tmp_path)
    assert all(map(np.array_equal, network.get_layer("backbone").get_weights(), other))
    # The head is this run's own.
    assert all(map(np.array_equal, network.get_layer("probabilities").get_weights(), head))


@pytest.mark.parametrize(
    ("run", "words"), [("", "Expected one"), ("../..", "Expected one"), ("ffff", "No run")]
)
def test_a_run_that_lends_nothing(run: str, words: str, tmp_path: Path) -> None:
    (tmp_path / RUN).mkdir()
    found = weights.problem(backbone(kind="run", run=run), catalog.info(SMALL), tmp_path)
    assert found is not None
    assert found[0] == "model.backbone.weights.run"
    assert words in found[1]
    unfinished = weights.problem(backbone(kind="run", run="0"), catalog.info(SMALL), tmp_path)
    assert unfinished is not None
    assert "no best model yet" in unfinished[1]


def truncated(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def first_with_weights(file: h5py.File) -> tuple[str, str]:
    """Names of a layer and of its first array."""
    for name in file.attrs["layer_names"].astype(str):
        for array in file[name].attrs["weight_names"].astype(str):
            return name, array
    raise AssertionError("no layer has weights")


def linked_out(path: Path) -> None:
    with h5py.File(path, "a") as file:
        name, _ = first_with_weights(file)
        del file[name]
        file[name] = h5py.ExternalLink("/etc/hostname", "/")


def huge(path: Path) -> None:
    with h5py.File(path, "a") as file:
        layer, name = first_with_weights(file)
        group = file[layer]
        del group[name]
        # Terabytes by its own account, nothing on the disk.
        group.create_dataset(name, shape=(2**40,), dtype="f4", chunks=(2**20,))


def of_text(path: Path) -> None:
    path.write_text("weights\n")


def infinite(path: Path) -> None:
    with h5py.File(path, "a") as file:
        layer, name = first_with_weights(file)
        file[layer][name][...] = np.inf


@pytest.mark.parametrize("spoil", [truncated, linked_out, huge, of_text, infinite])
def test_a_spoilt_file_changes_nothing(
    spoil: Callable[[Path], None], learnt: keras.Model, tmp_path: Path
) -> None:
    path = tmp_path / "spoilt.h5"
    old(learnt, path)
    spoil(path)
    network = lab_model()
    before = network.get_weights()
    with pytest.raises(TrainingFailed) as caught:
        load_weights(network, backbone(kind="file", path=str(path)), tmp_path)
    assert caught.value.code == "weights_unusable"
    assert str(caught.value).count("\n") == 0
    assert all(map(np.array_equal, network.get_weights(), before))
    # Bytes are read by the trainer alone; everything else is told before a launch.
    told = weights_file.problem(path, catalog.info(SMALL))
    assert bool(told) is (spoil is not infinite)


@pytest.mark.parametrize("name", ["old.h5", "new.weights.h5", "network.keras"])
def test_a_file_of_another_model(name: str, learnt: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / name
    FORMS[name](learnt, path)
    found = weights.problem(
        backbone("MobileNetV2", kind="file", path=str(path)),
        catalog.info("MobileNetV2"),
        tmp_path,
    )
    assert found is not None
    assert found[0] == "model.backbone.weights.path"
    assert "939,120" in found[1]
    assert "2,257,984" in found[1]


def test_an_archive_cut_short(learnt: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "network.keras"
    learnt.save(path)
    truncated(path)
    assert "truncated" in weights_file.problem(path, catalog.info(SMALL))


def test_an_archive_that_swells(tmp_path: Path) -> None:
    path = tmp_path / "swells.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(700 * 2**20))
    assert "far larger" in weights_file.problem(path, catalog.info(SMALL))


def test_an_archive_whose_compressed_bytes_are_broken(tmp_path: Path) -> None:
    path, name = tmp_path / "broken.keras", b"model.weights.h5"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name.decode(), bytes(range(256)) * 100)
    content = bytearray(path.read_bytes())
    start = content.index(name) + len(name)
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    assert "truncated" in weights_file.problem(path, catalog.info(SMALL))


def test_a_file_that_branches_without_end(tmp_path: Path) -> None:
    # Nine levels of thirty names for the level below: 2e13 layers, none of them real.
    path = tmp_path / "branches.weights.h5"
    with h5py.File(path, "w") as file:
        below = file.create_group("bottom").create_group("layers")
        for level in range(9):
            group = file.create_group(f"level{level}")
            layers = group.create_group("layers")
            for index in range(30):
                layers[f"dense_{index}"] = below.parent
            below = layers
        file["layers"] = below
    assert "more parts" in weights_file.problem(path, catalog.info(SMALL))


def test_no_file_at_all(tmp_path: Path) -> None:
    for path in ("", str(tmp_path), str(tmp_path / "none.h5"), "~nobody_of_that_name/x.h5"):
        found = weights.problem(backbone(kind="file", path=path), catalog.info(SMALL), tmp_path)
        assert found is not None, path
        assert found[0] == "model.backbone.weights.path"


def test_a_path_that_no_file_system_could_hold_is_refused_by_the_spec() -> None:
    with pytest.raises(ValidationError, match="no control characters"):
        backbone(kind="file", path="\0")


def test_keras_own_file_is_found_and_its_sum_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "models").mkdir()
    assert weights.keras_folder() == tmp_path / "models"
    content = b"weights"
    file = WeightsFile("a.h5", "https://127.0.0.1/a.h5", hashlib.md5(content).hexdigest())
    assert not weights.is_cached(file)
    path = tmp_path / "models" / "a.h5"
    path.write_bytes(content[:-1])
    assert not weights.is_cached(file)
    path.write_bytes(content)
    assert weights.is_cached(file)
    assert not weights.is_cached(WeightsFile("b.h5", file.origin, ""))


def test_weights_in_keras_folder_need_no_network(
    learnt: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    known = catalog.info("MobileNetV2")
    # This one has no checksum in Keras: any whole file under its name counts.
    path = tmp_path / "models" / known.imagenet(96).file
    path.parent.mkdir()
    make = keras.applications.MobileNetV2
    old(make(weights=None, include_top=False, input_shape=(96, 96, 3)), path)
    spec = Backbone(network="MobileNetV2", image_size=96)
    assert weights.problem(spec, known, tmp_path) is None
    network = build(plan_of(experiment("MobileNetV2", image_size=96)), seed=1)
    load_weights(network, spec, tmp_path)
    with h5py.File(path) as file:
        first = np.asarray(file["Conv1"]["Conv1/0:0"])
    np.testing.assert_array_equal(network.get_layer("backbone").get_weights()[0], first)


def test_imagenet_weights_that_nobody_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A proxy that is not there: whatever this machine reaches, Keras' servers are out of reach.
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    spec, known = Backbone(network="VGG16"), catalog.info("VGG16")
    found = weights.problem(spec, known, tmp_path)
    assert found is not None
    field, sentence = found
    assert field == "model.backbone.weights"
    assert "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5" in sentence
    assert str(tmp_path / "models") in sentence
    assert all(choice in sentence for choice in ("weights file", "another run", "none"))
    with pytest.raises(TrainingFailed, match="vgg16_weights") as caught:
        load_weights(lab_model(), spec, tmp_path)
    assert caught.value.code == "weights_unusable"
