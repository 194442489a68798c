"""The engine is chosen before Keras is imported, and only what is installed is chosen."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from core.errors import TrainingFailed
from core.settings import PROJECT_ROOT
from core.spec.training import Engine
from core.training.engine import allow_jit, select_engine
from core.training.installed_engines import PREFERENCE, installed_engines

MISSING = [engine for engine in PREFERENCE if engine.value not in installed_engines()]


def in_a_fresh_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT_ROOT,
        env={k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout.strip()


def test_auto_takes_the_first_that_is_installed_and_keras_follows() -> None:
    code = (
        "from core.spec.training import Engine; from core.training.engine import select_engine;"
        "name = select_engine(Engine.AUTO); import keras; print(name, keras.config.backend())"
    )
    first = installed_engines()[0]

    assert in_a_fresh_process(code) == f"{first} {first}"


@pytest.mark.skipif(not MISSING, reason="every engine is installed here")
def test_an_engine_that_is_not_installed_is_refused_in_one_sentence() -> None:
    with pytest.raises(TrainingFailed, match=f"{MISSING[0].value} is not installed") as raised:
        select_engine(MISSING[0])

    assert raised.value.code == "engine_missing"


def test_light_modules_import_no_engine() -> None:
    code = (
        "import sys; import core.training.trainer, core.training.rates, core.training.rules,"
        "core.training.evaluation; print([m for m in ('keras', 'tensorflow', 'jax', 'torch')"
        " if m in sys.modules])"
    )
    assert in_a_fresh_process(code) == "[]"


def test_a_process_keeps_the_engine_it_has() -> None:
    name = keras.config.backend()

    assert select_engine(Engine(name)) == name
    for other in PREFERENCE:
        if other.value != name:
            with pytest.raises(TrainingFailed) as raised:
                select_engine(other)
            assert raised.value.code in ("engine_fixed", "engine_missing")


def test_a_folder_with_the_name_of_an_engine_is_not_an_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = installed_engines()
    for engine in PREFERENCE:
        (tmp_path / engine.value).mkdir()
    monkeypatch.syspath_prepend(tmp_path)

    assert installed_engines() == before


def augmented() -> keras.Model:
    images = keras.Input((8, 8, 1))
    x = images
    for layer in (keras.layers.RandomTranslation, keras.layers.RandomZoom):
        x = layer(0.1, 0.1, seed=1)(x)
    x = keras.layers.RandomRotation(0.1, seed=1)(x)
    return keras.Model(images, keras.layers.Dense(3)(keras.layers.Flatten()(x)))


def test_jax_compiles_what_keras_holds_back_for_tensorflow() -> None:
    for_tensorflow, for_jax = augmented(), augmented()
    allow_jit(for_tensorflow, "tensorflow")
    allow_jit(for_jax, "jax")

    assert not all(layer.supports_jit for layer in for_tensorflow.layers)
    assert all(layer.supports_jit for layer in for_jax.layers)


@pytest.mark.skipif(keras.config.backend() != "jax", reason="Keras computes with another engine")
def test_compiled_augmentation_gives_the_same_numbers() -> None:
    rng = np.random.default_rng(0)
    images, targets = rng.random((32, 8, 8, 1), dtype=np.float32), rng.random((32, 3))
    weights = []
    for engine in ("tensorflow", "jax"):
        keras.utils.set_random_seed(0)
        model = augmented()
        allow_jit(model, engine)
        model.compile("adam", "mse", jit_compile="auto")
        assert model.jit_compile is (engine == "jax")
        model.fit(images, targets, batch_size=8, verbose=0)
        weights.append(model.get_weights())
    for eager, compiled in zip(*weights, strict=True):
        np.testing.assert_allclose(compiled, eager, atol=1e-5)
