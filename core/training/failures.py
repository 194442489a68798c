"""Classifies errors of an engine or the system: a code and a sentence for each failure."""

from __future__ import annotations

import errno
from collections.abc import Iterator

from core.errors import (
    DatasetCorrupt,
    DatasetError,
    InvalidExperiment,
    StaleAttempt,
    TrainingFailed,
)

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

# The one place that reads the text of errors. HDF5, TensorFlow, JAX and torch raise exceptions
# without a code: their messages alone name the cause. It can go once they have one.
_NO_SPACE_WORDS = ("no space left", "disk quota exceeded", "file too large")
_NO_MEMORY_WORDS = (
    "out of memory",
    "resource_exhausted",
    "oom when allocating",
    "not enough memory",
    "can't allocate memory",
    "unable to allocate",
    "bad_alloc",
)
_NO_MEMORY_TYPES = ("ResourceExhaustedError", "OutOfMemoryError")


def failure_of(error: BaseException) -> TrainingFailed | None:
    """The failure that ``error`` means for a run; None for an error that is not known here.

    Errors of datasets are included, so that the process that opens the dataset reports them in
    the same way.
    """
    if isinstance(error, TrainingFailed):
        return error
    if isinstance(error, StaleAttempt):
        return None
    if isinstance(error, DatasetError):
        code = "data_corrupt" if isinstance(error, DatasetCorrupt) else "data_missing"
        return TrainingFailed(code, str(error))
    if isinstance(error, InvalidExperiment):
        return TrainingFailed("invalid_experiment", str(error))
    for link in _chain(error):
        if is_no_space(link):
            return TrainingFailed(
                "disk_full",
                "The disk is full: free some space (old runs can be deleted) and resume the run.",
            )
        if _is_no_memory(link):
            return TrainingFailed(
                "out_of_memory",
                "The model and its batches need more memory than is free: "
                "choose a smaller batch size or a smaller model.",
            )
    return None


def nan_loss(epoch: int, *, batch: int | None = None, validation: bool = False) -> TrainingFailed:
    """The failure of a loss that is not finite; ``epoch`` and ``batch`` count from 1."""
    where = f"epoch {epoch}" + (f", batch {batch}" if batch is not None else "")
    which = "validation loss" if validation else "loss"
    return TrainingFailed(
        "nan_loss",
        f"The {which} became infinite or not a number in {where}: "
        "choose a smaller learning rate, or clip gradients.",
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__


def is_no_space(error: BaseException) -> bool:
    """Whether the disk or the user's quota is full."""
    if isinstance(error, OSError) and error.errno in _NO_SPACE:
        return True
    text = str(error).lower()
    return any(words in text for words in _NO_SPACE_WORDS)


def _is_no_memory(error: BaseException) -> bool:
    if isinstance(error, MemoryError) or type(error).__name__ in _NO_MEMORY_TYPES:
        return True
    if isinstance(error, OSError) and error.errno == errno.ENOMEM:
        return True
    text = str(error).lower()
    return any(words in text for words in _NO_MEMORY_WORDS)
