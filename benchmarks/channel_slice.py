"""Channels cut by a split over Keras' own cropping."""

from __future__ import annotations

from benchmarks.figures import Figure
from benchmarks.layers import over_keras
from benchmarks.session import Session

TITLE = "Groups with windows of their own"


def measure(session: Session) -> list[Figure]:
    """Steps of three convolutions in two groups, 3 x 3 and 5 x 5."""
    return over_keras(session, "channel_slice", "channel slice", steps=8)
