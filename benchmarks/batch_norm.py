"""The fused batch normalisation over Keras' own."""

from __future__ import annotations

from benchmarks.figures import Figure
from benchmarks.layers import over_keras
from benchmarks.session import Session

TITLE = "Batch normalisation"


def measure(session: Session) -> list[Figure]:
    """Steps of three convolutions with batch norm."""
    return over_keras(session, "batch_norm", "batch norm", steps=16)
