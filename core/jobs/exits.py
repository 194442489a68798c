"""Exit codes of trainers, and the sentence of each.

They say only what the store does not: a trainer that stored how its run ended, failures included,
ends with ``VERDICT``.
"""

from __future__ import annotations

from enum import IntEnum


class TrainerExit(IntEnum):
    """Python itself ends with 1 after an error that nothing caught, and with 2 after a wrong
    argument."""

    VERDICT = 0
    """The run's end is stored."""
    NO_VERDICT = 1
    """An error that nothing caught: the log has it."""
    STALE = 3
    """A newer attempt owns the run."""
    FOLDER_GONE = 4
    """The run's folder was moved or deleted."""
    LOCKED = 5
    """The process of the last attempt does not end."""
    STORE_GONE = 6
    """The database's file was moved, deleted or replaced."""
    DISK_FULL = 7
    """The run's end could not be stored: the disk is full."""
    NOT_STORED = 8
    """The run's end could not be stored: the database refused it."""


SENTENCES: dict[int, str] = {
    TrainerExit.NO_VERDICT: (
        "The trainer ended with an error that it could not store. See the end of its log."
    ),
    TrainerExit.FOLDER_GONE: (
        "The run's folder was moved or deleted during training. Without its checkpoints, training "
        "starts again at the first epoch."
    ),
    TrainerExit.LOCKED: (
        "The process of the last attempt still runs. End it, then resume the run."
    ),
    TrainerExit.STORE_GONE: (
        "The database was moved, deleted or replaced during training. "
        "The run's checkpoints are in its folder."
    ),
    TrainerExit.DISK_FULL: (
        "The disk is full, so the trainer could not store how it ended. Free some space (old runs "
        "can be deleted). The run continues from its last checkpoint."
    ),
    TrainerExit.NOT_STORED: (
        "The database refused to store how the trainer ended. See the end of its log."
    ),
}
"""The sentence for people, by exit code."""
