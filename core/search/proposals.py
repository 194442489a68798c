"""What a proposer says and hears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.spec.search import Values

Outcome = Literal["completed", "failed", "stopped", "pruned"]
"""How a trial ended. Stopped by a person, pruned by the median rule."""


@dataclass(frozen=True)
class Proposal:
    """A trial to run.

    ``key`` is the proposer's own name for it: store it as it is, a rebuilt proposer reads from it
    what it knew when it proposed. ``epochs`` is where the trial ends, None for the budget's;
    ``continues`` is the key of the trial whose checkpoint it goes on from, at ``initial_epoch``.
    """

    key: str
    values: Values
    epochs: int | None = None
    continues: str | None = None
    initial_epoch: int = 0


@dataclass(frozen=True)
class Wait:
    """Nothing to propose before another trial has ended."""


@dataclass(frozen=True)
class Exhausted:
    """Nothing left to propose, for good. ``reason`` is a sentence for people."""

    reason: str


@dataclass(frozen=True)
class Told:
    """A trial of the past: what was proposed, and how it ended unless it is ``running``."""

    key: str
    values: Values
    outcome: Outcome | None = None
    score: float | None = None
    step: int = 0
    number: int = 0
    epochs: int | None = None
    continues: str | None = None
    initial_epoch: int = 0
    running: bool = False
