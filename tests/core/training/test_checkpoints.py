"""A checkpoint is undamaged, or it is not used."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from core.errors import ArtifactCorrupt
from core.files import sha256_of
from core.training import checkpoints
from core.training.checkpoints import TrainingState
from core.training.reporter import EpochRecord
from core.training.rules import Patience


def network(units: int = 3) -> keras.Model:
    images = keras.Input((4, 4, 1))
    x = keras.layers.Dropout(0.5, seed=1)(keras.layers.Flatten()(images))
    model = keras.Model(images, keras.layers.Dense(units, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def trained(
    model: keras.Model, state: TrainingState, folder: Path, accuracies: list[float]
) -> None:
    rng = np.random.default_rng(0)
    for accuracy in accuracies:
        images, labels = rng.random((32, 4, 4, 1), dtype=np.float32), rng.integers(0, 3, 32)
        model.fit(images, labels, batch_size=8, verbose=0)
        metrics = {"val_accuracy": accuracy, "val_loss": 1.0}
        state.history.append(EpochRecord(state.epoch + 1, metrics, 1.5, 32))
        checkpoints.save(folder, model, state)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def values(model: keras.Model) -> list[np.ndarray]:
    variables = [*model.variables, *model.optimizer.variables]
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def test_every_variable_and_the_whole_state_come_back(tmp_path: Path) -> None:
    model, other = network(), network()
    state = TrainingState(plateau=Patience(-0.5, 2), early_stopping=Patience(0.9, 1))
    trained(model, state, tmp_path, [0.1, 0.2])
    restored = checkpoints.restore_newest(tmp_path, other)

    assert restored == state
    for ours, theirs in zip(values(model), values(other), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    # The dropout's generator has moved on, and its position is among them.
    assert any("seed_generator" in variable.path for variable in other.variables)


def test_the_last_two_and_the_best_are_kept(tmp_path: Path) -> None:
    trained(network(), TrainingState(), tmp_path, [0.1, 0.9, 0.2, 0.3, 0.4])

    assert names(tmp_path) == ["epoch-0002", "epoch-0004", "epoch-0005"]


def test_the_best_of_what_a_damaged_newest_leaves_is_there(tmp_path: Path) -> None:
    model = network()
    trained(model, TrainingState(), tmp_path, [0.1, 0.5, 0.2, 0.9])
    (tmp_path / "epoch-0004" / "weights.npz").unlink()
    restored = checkpoints.restore_newest(tmp_path, model)

    assert restored is not None
    assert restored.epoch == 3
    # A resumed run puts its best network right out of this one.
    assert checkpoints.restore(tmp_path, model, 2).epoch == 2


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-10])


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [_cut, _flip, Path.unlink])
@pytest.mark.parametrize("name", ["weights.npz", "optimizer.npz", "state.json", "manifest.json"])
def test_a_damaged_newest_checkpoint_is_skipped_with_a_warning(
    name: str, damage: Callable[[Path], None], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = network()
    trained(model, TrainingState(), tmp_path, [0.1, 0.2])
    damage(tmp_path / "epoch-0002" / name)
    with caplog.at_level(logging.WARNING):
        restored = checkpoints.restore_newest(tmp_path, network())

    assert restored is not None
    assert restored.epoch == 1
    assert "epoch-0002" in caplog.text
    # The damaged one and any later one go as soon as the next is there.
    trained(model, restored, tmp_path, [0.3])
    assert names(tmp_path) == ["epoch-0001", "epoch-0002"]
    assert checkpoints.restore(tmp_path, network(), 2).epoch == 2


def test_a_half_written_checkpoint_is_none(tmp_path: Path) -> None:
    trained(network(), TrainingState(), tmp_path, [0.1])
    (tmp_path / "epoch-0001").rename(tmp_path / ".epoch-0001.partial")

    assert checkpoints.restore_newest(tmp_path, network()) is None


def test_a_checkpoint_whose_replacement_was_interrupted_is_used(tmp_path: Path) -> None:
    trained(network(), TrainingState(), tmp_path, [0.1, 0.2])
    # What a kill leaves between the rename of the old folder and that of the new one.
    (tmp_path / "epoch-0002").rename(tmp_path / ".epoch-0002.old")

    restored = checkpoints.restore_newest(tmp_path, network())
    assert restored is not None
    assert restored.epoch == 2
    assert names(tmp_path) == ["epoch-0001", "epoch-0002"]


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    trained(network(), TrainingState(), tmp_path, [0.1])

    with pytest.raises(ArtifactCorrupt, match="expected"):
        checkpoints.restore(tmp_path, network(units=4), 1)


def test_pickled_values_are_never_loaded(tmp_path: Path) -> None:
    model = network()
    trained(model, TrainingState(), tmp_path, [0.1])
    path = tmp_path / "epoch-0001"
    pickled = {f"{i:05d}": np.array([{}], dtype=object) for i in range(len(model.variables))}
    np.savez(path / "weights.npz", **pickled)  # type: ignore[arg-type]
    manifest = path / "manifest.json"
    text = manifest.read_text()
    raw = json.loads(text)
    raw["sha256"]["weights.npz"] = sha256_of(path / "weights.npz")
    manifest.write_text(json.dumps(raw))

    with pytest.raises(ArtifactCorrupt, match=r"allow_pickle|pickle"):
        checkpoints.restore(tmp_path, network(), 1)
