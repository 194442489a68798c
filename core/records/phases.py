"""What a running trainer is doing now. No engine and no SQL in here: training reports these."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """What a trainer is doing. The values are stored; people see the labels."""

    STARTING = "starting"
    PREPARING_DATA = "preparing data"
    BUILDING = "building the network"
    LOADING_WEIGHTS = "loading weights"
    COMPUTING_FEATURES = "computing features"
    TRAINING = "training"
    FINE_TUNING = "fine-tuning"
    VALIDATING = "validating"
    SAVING = "saving"
    EXPORTING = "exporting"

    @property
    def label(self) -> str:
        """In words, for people."""
        # The stored value is older than the word for it.
        return "building the model" if self is Phase.BUILDING else self.value

    @property
    def is_training(self) -> bool:
        """Whether it goes through training images, batch by batch."""
        return self in (Phase.TRAINING, Phase.FINE_TUNING)
