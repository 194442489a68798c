"""Training steps with the fused batch normalisation over steps with Keras' own, turn about."""

from __future__ import annotations

import json
import sys

from benchmarks.figures import TINY, Figure, NotMeasured
from benchmarks.session import Session, run_to_end
from core.training.installed import installed_engines

TITLE = "Batch normalisation"
_ROUNDS, _STEPS = 5, 16
_FORMATS = {"float32": "32 bits", "mixed_bfloat16": "bfloat16"}


def measure(session: Session) -> list[Figure]:
    """One network of three convolutions, both ways, in one process."""
    if "tensorflow" not in installed_engines():
        raise NotMeasured("TensorFlow is not installed, and only there is it fused.")
    rounds, steps = (1, 1) if session.size == TINY else (_ROUNDS, _STEPS)
    command = [sys.executable, "-m", "benchmarks.batch_norm_steps", str(rounds), str(steps)]
    with session.lab() as client:
        told = json.loads(run_to_end(command, client.settings, KERAS_BACKEND="tensorflow"))
    return [
        Figure(
            f"The lab's batch norm over Keras' own, {name}",
            [ours / theirs for ours, theirs in zip(both["lab"], both["keras"], strict=True)],
            note="images per second of a small network's steps",
        )
        for policy, name in _FORMATS.items()
        for both in [told[policy]]
    ]
