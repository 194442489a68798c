"""A saved model is rebuilt from its experiment; its file gives weights and nothing else."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from core.models.saved_model import Architecture, build_in_32_bits, rebuild
from core.spec import parse

STATISTICS = ([0.4], [0.2])


@pytest.fixture
def architecture() -> Architecture:
    raw: dict[str, Any] = {
        "data": {"dataset": "digits", "input_scaling": "standardized"},
        "model": {"stages": [{"convolutions": [{"kind": "normal", "filters": 4}]}]},
    }
    return Architecture(parse(raw), (8, 8, 1), 10)


def test_it_answers_as_the_saved_one(architecture: Architecture, tmp_path: Path) -> None:
    network = build_in_32_bits(architecture, *STATISTICS)
    network.set_weights([each + 0.01 for each in network.get_weights()])
    network.save(tmp_path / "best.keras")
    images = np.random.default_rng(1).uniform(0, 255, (3, 8, 8, 1)).astype("float32")
    again = rebuild(Architecture.from_json(architecture.to_json()), tmp_path / "best.keras")
    np.testing.assert_array_equal(again.predict(images, verbose=0), network.predict(images))


def test_it_computes_in_32_bits_and_leaves_the_process_as_it_was(
    architecture: Architecture,
) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        network = build_in_32_bits(architecture, *STATISTICS)
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    finally:
        keras.config.set_dtype_policy("float32")
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}


def test_what_the_file_says_of_its_layers_is_not_followed(
    architecture: Architecture, tmp_path: Path
) -> None:
    whole, changed = tmp_path / "best.keras", tmp_path / "changed.keras"
    build_in_32_bits(architecture, *STATISTICS).save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(changed, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "config.json":
                described = json.loads(content)
                for layer in described["config"]["layers"]:
                    if layer["class_name"] != "Normalization":
                        layer |= {"module": "nobody.knows", "class_name": "Foreign"}
                content = json.dumps(described).encode()
            target.writestr(name, content)
    with pytest.raises(Exception, match="Foreign"):
        keras.saving.load_model(changed)
    assert rebuild(architecture, changed).output_shape == (None, 10)
