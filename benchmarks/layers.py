"""Training steps with a layer as the lab has it over steps with Keras' own, turn about."""

from __future__ import annotations

import json
import sys

from benchmarks.figures import TINY, Figure, NotMeasured
from benchmarks.session import Session, run_to_end
from core.training.installed_engines import installed_engines

_ROUNDS = 5
_FORMATS = {"float32": "32 bits", "mixed_bfloat16": "bfloat16"}


def over_keras(session: Session, layer: str, title: str, steps: int) -> list[Figure]:
    """One small network, both ways, in one process; ``layer`` is a name of `layer_steps`.

    Raises NotMeasured without TensorFlow: the other engines have Keras' own layers.
    """
    if "tensorflow" not in installed_engines():
        raise NotMeasured("TensorFlow is not installed, and only there is it another layer.")
    rounds, steps = (1, 1) if session.size == TINY else (_ROUNDS, steps)
    command = [sys.executable, "-m", "benchmarks.layer_steps", layer, str(rounds), str(steps)]
    with session.lab() as client:
        told = json.loads(run_to_end(command, client.settings, KERAS_BACKEND="tensorflow"))
    return [
        Figure(
            f"The lab's {title} over Keras' own, {name}",
            [ours / theirs for ours, theirs in zip(both["lab"], both["keras"], strict=True)],
            note="images per second of a small network's steps",
        )
        for policy, name in _FORMATS.items()
        for both in [told[policy]]
    ]
