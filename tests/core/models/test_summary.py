"""The table of layers, its totals, and that it needs no Keras."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from core.datasets.catalog import CIFAR10, DIGITS
from core.models.summary import describe
from core.spec import parse
from core.spec.files import read_preset
from tests.core.models.example_models import conv, dense_base, experiment

PROMISED = ("name", "kind", "output_shape", "parameters", "formula")
LIGHT = """
import sys
from core.models.summary import describe
from core.datasets.catalog import CIFAR10
from core.spec import Experiment
describe(Experiment(), CIFAR10)
heavy = {"keras", "tensorflow", "jax", "torch"} & set(sys.modules)
raise SystemExit(f"loaded {heavy}" if heavy else 0)
"""


def test_describing_loads_no_engine() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_totals_are_sums_of_the_rows() -> None:
    summary = describe(dense_base(), CIFAR10)
    assert summary.parameters == 1_172_410 == sum(row.parameters for row in summary.layers)
    assert summary.trainable == sum(row.trainable for row in summary.layers)
    assert summary.flops == sum(row.flops for row in summary.layers)


def test_the_dictionary_has_the_shape_that_scripts_rely_on() -> None:
    content = describe(read_preset("scratch_cnn").experiment, DIGITS).to_dict()
    assert json.loads(json.dumps(content)) == content
    assert set(content["parameters"]) == {"total", "trainable"}
    assert content["parameters"]["total"] - content["parameters"]["trainable"] == 2 * (
        64 + 128 + 256
    )
    first = content["layers"][1]
    assert {
        key: first[key] for key in ("name", "kind", "output_shape", "parameters", "formula")
    } == {
        "name": "stage1_conv1",
        "kind": "Conv2D",
        "output_shape": [8, 8, 64],
        "parameters": 576,
        "formula": "3 × 3 × 1 × 64 = 576",
    }
    assert first["receptive_field"] == [3, 3]


def test_notes_say_what_the_other_columns_do_not() -> None:
    spec = experiment(
        {"convolutions": [conv(strides=2, padding="valid")], "dropout": 0.25, "pool_size": 3},
        regularization={"conv_l2": 1e-4},
        normalization="batch",
    )
    notes = {row.name: row.note for row in describe(spec, CIFAR10).layers}
    assert notes["stage1_conv1"] == "3 × 3, valid, stride 2 × 2, no bias, L2 0.0001"
    assert notes["stage1_dropout"] == "rate 0.25, only while training"
    assert notes["stage1_max_pool"] == "3 × 3"
    assert notes["probabilities"] == "softmax"


def test_notes_of_branches_and_units() -> None:
    spec = experiment(
        {"convolutions": [conv(filters=8), conv("mixed_groups", filters=6)], "pooling": "none"},
        {"convolutions": [conv("grouped", filters=8), conv("residual", filters=8)]},
        regularization={"conv_l1": 1e-5, "conv_l2": 1e-4, "stochastic_depth": 0.2},
    )
    notes = {row.name: row.note for row in describe(spec, CIFAR10).layers}
    assert notes["stage1_conv2_group2_channels"] == "channels 5 to 8 of 8"
    assert notes["stage2_conv1"] == "3 × 3, same, 2 groups, L1 1e-05, L2 0.0001"
    assert notes["stage2_conv2_skip"] == "for whole images, rate 0.2, only while training"


def test_memory_by_hand() -> None:
    spec = experiment({"convolutions": [conv("pointwise", filters=1)], "pooling": "none"})
    changes = {"training": {"batch_size": 10, "optimizer": {"kind": "sgd"}}}
    spec = parse(spec.to_dict() | changes)
    # digits: scaling, convolution, activation and flatten of 64 values, 10 probabilities.
    parameters = 2 + 65 * 10
    outputs = 4 * 64 + 10
    expected = 4 * parameters + 4 * parameters * 2 + 4 * 10 * (outputs + 2 * 64)
    assert describe(spec, DIGITS).memory_bytes == expected


@pytest.mark.parametrize(
    ("change", "more"),
    [
        ({"batch_size": 128}, True),
        ({"optimizer": {"kind": "sgd", "momentum": 0.0}}, False),
        ({"optimizer": {"kind": "rmsprop"}}, False),
        ({"mixed_precision": True}, False),
    ],
)
def test_memory_follows_what_it_depends_on(change: dict[str, object], more: bool) -> None:
    usual = describe(parse({}), CIFAR10).memory_bytes
    changed = describe(parse({"training": change}), CIFAR10).memory_bytes
    assert (changed > usual) is more
    assert changed != usual
