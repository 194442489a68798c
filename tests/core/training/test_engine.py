"""The engine is chosen before Keras is imported, and only what is installed is chosen."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from core.errors import TrainingFailed
from core.settings import PROJECT_ROOT
from core.spec.training import Engine
from core.training.engine import select_engine
from core.training.installed import PREFERENCE, installed_engines

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


def test_the_door_the_rates_and_the_engine_import_no_engine() -> None:
    code = (
        "import sys; import core.training.trainer, core.training.rates, core.training.rules,"
        "core.training.evaluation; print([m for m in ('keras', 'tensorflow', 'jax', 'torch')"
        " if m in sys.modules])"
    )
    assert in_a_fresh_process(code) == "[]"


def test_a_process_keeps_the_engine_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    name = select_engine(Engine.AUTO)
    import keras

    assert keras.config.backend() == name
    assert select_engine(Engine.AUTO) == name
