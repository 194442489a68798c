"""The grouped convolution of plain ones over Keras' own."""

from __future__ import annotations

from benchmarks.figures import Figure
from benchmarks.layers import over_keras
from benchmarks.session import Session

TITLE = "Grouped convolution"


def measure(session: Session) -> list[Figure]:
    """Steps of three convolutions in two groups; few, as Keras' own take seconds each."""
    return over_keras(session, "grouped_conv", "grouped convolution", steps=2)
