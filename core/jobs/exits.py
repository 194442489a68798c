"""How a trainer ended, as its exit code: its supervisor makes a sentence of it.

Only what the store does not hold: a trainer whose verdict is stored ends with ``VERDICT``,
whatever that verdict is.
"""

from __future__ import annotations

from enum import IntEnum


class TrainerExit(IntEnum):
    """Python itself ends with 1 after an error that nothing caught, and with 2 after a wrong
    argument."""

    VERDICT = 0
    """The verdict is in the store."""
    NO_VERDICT = 1
    """An error that nothing caught: the log has it."""
    STALE = 3
    """A newer attempt owns the run."""
    FOLDER_GONE = 4
    """The run's folder was moved or deleted."""
    LOCKED = 5
    """The last attempt's process does not end."""
    STORE_GONE = 6
    """The database's file was moved, deleted or replaced."""
    DISK_FULL = 7
    """The verdict could not be stored: the disk is full."""
    NOT_STORED = 8
    """The verdict could not be stored: the database refused it."""


SENTENCES: dict[int, str] = {
    TrainerExit.NO_VERDICT: (
        "The trainer ended with an error before it could store what went wrong. "
        "The end of its log has it."
    ),
    TrainerExit.FOLDER_GONE: (
        "The run's folder was moved or deleted while it trained. Without its checkpoints the run "
        "begins again from the first epoch."
    ),
    TrainerExit.LOCKED: (
        "The process of the last attempt still holds the run. End it, then resume the run."
    ),
    TrainerExit.STORE_GONE: (
        "The database was moved, deleted or replaced while the run trained. "
        "Its checkpoints are in its folder."
    ),
    TrainerExit.DISK_FULL: (
        "The disk is full, so the trainer could not store how it ended. Free some space (old runs "
        "can be deleted); the run continues from its last checkpoint."
    ),
    TrainerExit.NOT_STORED: (
        "The database refused to store how the trainer ended. The end of its log says why."
    ),
}
"""What a person reads in the run's events."""
