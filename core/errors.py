"""Every error the lab raises on purpose.

ConvscopeError                  the root: catch this to catch them all
├── InvalidExperiment           a field of an experiment is wrong; ``field`` names it
│   └── ModelDoesNotFit         the model does not fit this data set's images
├── InvalidText                 text that cannot be kept; ``field`` names where it came in
├── UnknownPreset               no preset and no file of that name
├── DatasetError                something about a data set
│   ├── UnknownDataset          no data set of that name
│   ├── DatasetUnavailable      neither a file nor a network to fetch it
│   └── DatasetCorrupt          an archive or a file that is not what it says
├── RunError                    something about a run
│   ├── RunNotFound             no run has that id
│   ├── RunStateError           the run's state does not allow that
│   └── StaleAttempt            a newer attempt of the run has taken over
├── SearchError                 something about a search
│   ├── SearchNotFound          no search has that id or name
│   ├── SearchStateError        the search's state, or its trial's, does not allow that
│   └── StaleController         a newer controller of the search has taken over
├── TrainingFailed              training ended early; ``code`` says why
│   └── CodeNotTrusted          a person's own code that this user has not trusted as it is now
├── ImageRefused                an image that cannot or must not be decoded
│   └── DecodingTooSlow         its decoding was given up after a time
├── PredictionUnavailable       the run has no model yet that could predict
│   └── ModelReplaced           its trainer saved a better one while it was read: try again
├── WorkHeld                    runs or searches wait for the release of their results folder
├── SupervisorUnavailable       the process that starts runs does not come up
├── DecisionsError              what this user decided cannot be stored
├── AddressRefused              the page must not be served at that address or under that name
└── StoreError                  the database cannot be used; ``code`` says why
    ├── DatabaseLocked          another program keeps it locked; a later try may succeed
    ├── DiskFull                the disk that holds it has no room
    ├── StoreGone               its file was deleted, replaced or damaged
    ├── FolderRefused           a results folder not opened before holds links or special files
    └── ArtifactCorrupt         a checkpoint or a model file does not match its manifest

Messages say what came, what was expected and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ConvscopeError(Exception):
    """Root of everything the lab raises on purpose. The message is meant for people."""


class FieldCode(StrEnum):
    """What is wrong with a field, for programs."""

    WRONG = "wrong"
    """Its value: missing, of the wrong type, out of bounds, or not possible with the others."""
    NO_SUCH_FIELD = "no_such_field"
    """Its path leads to no field, or to no item of a list."""
    NOT_TRUSTED = "not_trusted"
    """It names code that this user has not trusted."""


@dataclass(frozen=True)
class FieldError:
    """One wrong field: its dotted path (``model.stages.0.units.0.filters``) and a sentence.

    The sentence is for people; programs read ``code``.
    """

    field: str
    message: str
    code: FieldCode = FieldCode.WRONG

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


MOST_LISTED = 20
"""Wrong fields that a message lists; a file may have thousands."""


class InvalidExperiment(ConvscopeError):
    """An experiment that must not be launched. ``errors`` lists each wrong field."""

    def __init__(self, errors: list[FieldError]) -> None:
        self.errors = errors
        super().__init__("; ".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """A sentence for each of the first wrong fields, and how many more there are."""
        listed = [str(error) for error in self.errors[:MOST_LISTED]]
        more = len(self.errors) - len(listed)
        return [*listed, f"and {more:,} more"] if more else listed

    @property
    def field(self) -> str:
        """The first wrong field's dotted path."""
        return self.errors[0].field if self.errors else ""


class ModelDoesNotFit(InvalidExperiment):
    """The model does not fit this data set's images (a kernel larger than its input, ...)."""


class InvalidText(ConvscopeError):
    """Text from outside that cannot be kept: not UTF-8, control characters, too long, too short."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(f"{field}: {message}")


class UnknownPreset(ConvscopeError):
    """No preset and no experiment file of that name."""


class DatasetError(ConvscopeError):
    """Something about a data set."""


class UnknownDataset(DatasetError):
    """No data set of that name."""


class DatasetUnavailable(DatasetError):
    """The data set is neither on disk nor can it be fetched."""


class DatasetCorrupt(DatasetError):
    """An archive or a file that is not what it says it is."""


class RunError(ConvscopeError):
    """Something about a run."""


class RunNotFound(RunError):
    """No run has that id."""


class RunStateError(RunError):
    """The run's state does not allow the request."""


class StaleAttempt(RunError):
    """A newer attempt of the run has taken over; this process must end."""


class SearchError(ConvscopeError):
    """Something about a search."""


class SearchNotFound(SearchError):
    """No search has that id or name, or no trial has that number."""


class SearchStateError(SearchError):
    """The state of the search or of its trial does not allow the request."""


class StaleController(SearchError):
    """A newer controller of the search has taken over; this process must end."""


class TrainingFailed(ConvscopeError):
    """Training ended early. ``code`` is a short stable word, the message one plain sentence."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


class CodeNotTrusted(TrainingFailed):
    """A person's own code that this user has not trusted, or that changed since. Nothing of it
    was imported."""


class ImageRefused(ConvscopeError):
    """An image that cannot or must not be decoded."""


class DecodingTooSlow(ImageRefused):
    """Decoding an image took longer than it may."""


class PredictionUnavailable(ConvscopeError):
    """The run has no model that can predict yet."""


class ModelReplaced(PredictionUnavailable):
    """The model's file does not match its description: replaced just now, or damaged."""


class WorkHeld(ConvscopeError):
    """The work of a results folder that this user has not opened before is not released yet."""


class SupervisorUnavailable(ConvscopeError):
    """The process that starts queued runs does not come up."""


class DecisionsError(ConvscopeError):
    """The folder of what this user decided (``CONVSCOPE_CONFIG``) cannot be written to."""


class AddressRefused(ConvscopeError):
    """The page must not be served at that address or under that host name."""


class StoreCode(StrEnum):
    """Why a database or a results folder cannot be used."""

    LOCKED = "locked"
    """Another program keeps it locked."""
    DISK_FULL = "disk_full"
    CANNOT_OPEN = "cannot_open"
    """Its folder is not there, or may not be written to."""
    MISSING = "missing"
    """Deleted or moved away."""
    REPLACED = "replaced"
    """Another file has its name."""
    JOURNAL_FOREIGN = "journal_foreign"
    """Another file has its name, and the lost one's write-ahead log (``-wal``) is beside it."""
    DAMAGED = "damaged"
    """Cut off, or no SQLite database any more."""
    JOURNAL_MISSING = "journal_missing"
    """Its write-ahead log was deleted or replaced while it was in use."""
    FOLDER_REFUSED = "folder_refused"
    ARTIFACT_CORRUPT = "artifact_corrupt"
    OTHER = "other"


class StoreError(ConvscopeError):
    """The database or the results folder cannot be used. ``code`` says why, for programs."""

    code: StoreCode = StoreCode.OTHER

    def __init__(self, message: str, code: StoreCode | None = None) -> None:
        if code is not None:
            self.code = code
        super().__init__(message)


class StoreGone(StoreError):
    """The database's file is not the one that was opened: nothing may be written any more."""

    def __init__(self, code: StoreCode, message: str) -> None:
        super().__init__(message, code)


class DatabaseLocked(StoreError):
    """Another program kept the database locked for as long as this one waits."""

    code = StoreCode.LOCKED


class DiskFull(StoreError):
    """The disk that holds the database, or a person's share of it, has no room."""

    code = StoreCode.DISK_FULL


class FolderRefused(StoreError):
    """A results folder that this user has not opened before holds links or special files.

    Nothing in it was opened or changed.
    """

    code = StoreCode.FOLDER_REFUSED


class ArtifactCorrupt(StoreError):
    """A checkpoint or a model file does not match its manifest."""

    code = StoreCode.ARTIFACT_CORRUPT
