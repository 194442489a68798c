"""Early stopping and learning-rate reduction, by a validation metric after each epoch.

Their state is plain data for checkpoints. Keras' own callbacks cannot save theirs, so that a
resumed run would start with full patience.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from core.spec.training import EarlyStopping, Monitor, ReduceOnPlateau

PLATEAU_MIN_DELTA = 1e-4
"""A smaller improvement does not count, as in Keras' ReduceLROnPlateau."""


@dataclass
class Patience:
    """Counts epochs without improvement. Give it the metric of every epoch, in order."""

    best: float | None = None
    waited: int = 0

    def update(self, monitor: Monitor, value: float, min_delta: float) -> int:
        """Add an epoch; the number of epochs without improvement, 0 if it is the best so far."""
        # Larger is better.
        gain = value if monitor is Monitor.VAL_ACCURACY else -value
        if self.best is None or gain > self.best + min_delta:
            self.best, self.waited = gain, 0
        else:
            self.waited += 1
        return self.waited

    def to_dict(self) -> dict[str, Any]:
        """Plain data for a checkpoint."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Self:
        """Read back what ``to_dict`` gave."""
        return cls(**raw)


def reduced_rate(
    rule: ReduceOnPlateau, patience: Patience, metrics: dict[str, float], learning_rate: float
) -> float:
    """The learning rate of the next epoch; after a reduction the count starts again."""
    waited = patience.update(rule.monitor, metrics[rule.monitor.value], PLATEAU_MIN_DELTA)
    if waited < rule.patience:
        return learning_rate
    patience.waited = 0
    # A rate below the minimum from the start stays as it is.
    return min(learning_rate, max(learning_rate * rule.factor, rule.min_learning_rate))


def should_end(rule: EarlyStopping, patience: Patience, metrics: dict[str, float]) -> bool:
    """Whether patience has run out."""
    waited = patience.update(rule.monitor, metrics[rule.monitor.value], rule.min_delta)
    return waited >= rule.patience
