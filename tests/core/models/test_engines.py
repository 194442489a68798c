"""Every kind of convolution builds, learns, saves and comes back with every engine installed.

With the one that the test process has, ``test_blocks`` does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import PROJECT_ROOT
from tests.core.models.example_models import KINDS
from tests.core.training.conftest import ON_EVERY_OTHER_ENGINE

SCRIPT = """
import json, sys
from pathlib import Path
import keras, numpy as np
from core.models.builder import build
from core.training.engine import jit_compile, allow_jit
from tests.core.models.example_models import KINDS, one_of, plan_of

engine, folder = sys.argv[1], Path(sys.argv[2])
shape = (11, 13, 3)
images = np.random.default_rng(0).integers(0, 256, (8, *shape), dtype=np.uint8)
report = {}
for kind in KINDS:
    model = build(plan_of(one_of(kind, normalization="batch"), shape), seed=3)
    allow_jit(model, engine)
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=jit_compile(engine))
    before = [np.array(keras.ops.convert_to_numpy(each)) for each in model.trainable_weights]
    model.train_on_batch(images, np.arange(8))
    learnt = all(
        not np.array_equal(old, keras.ops.convert_to_numpy(new))
        for old, new in zip(before, model.trainable_weights)
    )
    expected = model.predict_on_batch(images)
    model.save(folder / f"{kind}.keras")
    back = keras.models.load_model(folder / f"{kind}.keras")
    same = np.array_equal(back.predict_on_batch(images), expected)
    report[kind] = [keras.backend.backend(), learnt, bool(np.isfinite(expected).all()), same]
json.dump(report, sys.stdout)
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("engine", ON_EVERY_OTHER_ENGINE)
def test_every_kind_trains_a_step_saves_and_comes_back(engine: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, engine, str(tmp_path)],
        env=os.environ | {"KERAS_BACKEND": engine},
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=880,
        check=False,
    )
    assert done.returncode == 0
    assert json.loads(done.stdout) == {kind: [engine, True, True, True] for kind in KINDS}
