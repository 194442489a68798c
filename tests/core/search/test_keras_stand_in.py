"""Oracles propose trials without Keras and its engine in the process."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

_PROGRAM = """
import json, sys
from core.search.keras_stand_in import prepare
assert prepare()
from core.search.proposer import Proposer
from core.search.proposals import Exhausted
from core.spec.search import parse_search
proposer = Proposer(parse_search(json.load(sys.stdin)))
values = []
while not isinstance(asked := proposer.ask(), Exhausted) and len(values) < 6:
    values.append(asked.values)
    proposer.tell(asked.key, "completed", float(len(values)), 1)
heavy = {"keras", "tensorflow", "jax", "torch"} & {name.split(".")[0] for name in sys.modules}
print(json.dumps({"values": values, "heavy": sorted(heavy)}))
"""

_NUMPY_BACKEND = """
import os, sys
os.environ["KERAS_BACKEND"] = "numpy"
import keras
sys.exit(bool({"tensorflow", "jax", "torch"} & set(sys.modules)))
"""

_LIGHT = """
import sys
import core.client, core.search.importance, core.search.pruning, core.spec.search
heavy = {"keras", "keras_tuner", "optuna", "sklearn", "scipy", "tensorflow", "jax", "torch"}
sys.exit(", ".join(heavy & {name.split(".")[0] for name in sys.modules}) or 0)
"""


def run(program: str, sent: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], input=sent, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("kind", ["random", "bayesian", "hyperband"])
def test_trials_are_chosen_without_an_engine(kind: str) -> None:
    # Only here: this module loads Keras Tuner, and so Keras.
    from tests.core.search.objective import DROPOUT, RATE, SHARE, SWITCH, Controller, search_over

    search = search_over(
        RATE, DROPOUT, SWITCH, SHARE | {"paths": ["model.dense.0.dropout"]}, kind=kind
    )
    done = run(_PROGRAM, json.dumps(search.to_dict()))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["heavy"] == []
    with_keras = [each.values for each in Controller(search).run(1)]
    assert found["values"][:1] == with_keras
    assert all(("share" in each) == each["on"] for each in found["values"])


def test_the_stand_in_is_needed_while_keras_cannot_be_loaded_without_an_engine() -> None:
    # When this fails, set KERAS_BACKEND=numpy in the controller and remove the stand-in.
    assert run(_NUMPY_BACKEND).returncode != 0


def test_specs_rules_and_importance_load_nothing_heavy() -> None:
    done = run(_LIGHT)
    assert done.returncode == 0, done.stderr
