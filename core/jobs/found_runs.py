"""A run read back from its folder. Everything in there is foreign until it was checked.

| what                 | from                                                                 |
|----------------------|----------------------------------------------------------------------|
| experiment, name ... | `run.json`; without it the run cannot be rebuilt                      |
| history              | the longest of `run.json` and the checkpoints' `state.json`           |
| state                | finished when all epochs are there or it ended early, else stopped    |
| files                | checkpoints, best model and LiteRT file   whose sha256 is right       |
| test scores          | `test_scores.json`                                                    |
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from core.errors import ArtifactCorrupt, InvalidExperiment
from core.files import sha256_of
from core.jobs.reporter import describe_file
from core.records.runs import Artifact, Run, RunState
from core.spec import Experiment, parse
from core.store.rebuild import RebuiltRun
from core.store.rows import best_of
from core.store.run_files import RUN_FILE
from core.text import NOTES, TAG, TextRule, text_problem

MAX_JSON_BYTES = 32 * 2**20
MAX_EPOCHS = 100_000
TEST_SCORES = "test_scores.json"
CURVES = ("loss", "accuracy")
_MODELS = (
    ("best_model", "best/best.keras", "best/meta.json"),
    ("litert", "litert/best.tflite", "litert/best.json"),
)
_SUMMED = ("weights.npz", "optimizer.npz", "state.json")

Id = Annotated[str, Field(pattern=r"\A[0-9a-f]{32}\z")]


def _text(rule: TextRule) -> AfterValidator:
    """Refuse text that a field with this rule cannot take."""

    def checked(text: str) -> str:
        problem = text_problem(text, rule)
        if problem is not None:
            raise ValueError(problem)
        return text

    return AfterValidator(checked)


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("Expected a time within the years 1 to 9999 in UTC.") from error


Name = Annotated[str, _text(TextRule(200, shortest=1))]
Word = Annotated[str, _text(TextRule(200))]
ShortWord = Annotated[str, _text(TextRule(32))]
MetricName = Annotated[str, _text(TextRule(64, shortest=1))]
Time = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Epoch = Annotated[int, Field(ge=1, le=MAX_EPOCHS)]


class _Checked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class FoundEpoch(_Checked):
    """One epoch of a history."""

    epoch: Epoch
    metrics: dict[MetricName, float] = Field(max_length=64)
    seconds: float = Field(ge=0, allow_inf_nan=False)
    images: int = Field(ge=0, lt=2**63)


History = Annotated[tuple[FoundEpoch, ...], Field(max_length=MAX_EPOCHS)]


class _RunFile(_Checked):
    """`run.json`, see `core.store.run_files`."""

    format: Literal[1]
    id: Id
    state: RunState
    name: Name
    attempt: int = Field(ge=1, le=1_000_000)
    preset: Word | None
    config: dict[str, Any]
    group_id: Id
    epochs: Epoch
    engine: ShortWord | None
    device: ShortWord | None
    created_at: Time
    started_at: Time | None
    finished_at: Time | None
    archived: bool
    tags: tuple[Annotated[str, _text(TAG)], ...] = Field(max_length=1000)
    notes: Annotated[str, _text(NOTES)]
    search_id: Id | None
    trial_number: int | None
    continues_run: Id | None
    promoted: bool
    history: History


class _State(_Checked):
    """What a checkpoint's `state.json` says of the run."""

    history: History
    ended_early: bool
    phase: int = Field(0, ge=0, le=1)


class _Manifest(_Checked):
    sha256: dict[str, str]


class _ModelFile(_Checked):
    epoch: Epoch
    sha256: str


class _Scores(_Checked):
    epoch: Epoch
    loss: float
    accuracy: float


@dataclass(frozen=True)
class _Checkpoint:
    folder: Path
    state: _State


def read_run(folder: Path) -> RebuiltRun:
    """The run of a folder that is named by its id. Raises ArtifactCorrupt with a sentence."""
    try:
        return _read_run(folder)
    except InvalidExperiment as error:
        raise ArtifactCorrupt(f"Its {RUN_FILE} holds no experiment: {error.errors[0]}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))[:200]
        raise ArtifactCorrupt(f"Its {RUN_FILE} is damaged: {where}: {first['msg']}.") from error


def _read_run(folder: Path) -> RebuiltRun:
    said = _RunFile.model_validate(_json(folder, RUN_FILE))
    if said.id != folder.name:
        raise ArtifactCorrupt(f"Its {RUN_FILE} is of another run, {said.id}.")
    experiment = _experiment(said)
    remarks: list[str] = []
    checkpoints = list(_checkpoints(folder, remarks))
    history = _longest([said.history, *(each.state.history for each in checkpoints)])
    artifacts = [
        describe_file(said.id, "checkpoint", each.folder, folder, len(each.state.history))
        for each in checkpoints
    ]
    artifacts += _models(folder, said.id, remarks)
    scores = _scores(folder, remarks)
    if scores is not None:
        file = folder / TEST_SCORES
        artifacts.append(describe_file(said.id, "test_scores", file, folder, scores.epoch))
    if said.search_id is not None:
        remarks.append(f"Its search {said.search_id[:8]} is lost.")
    state = _state(said, experiment, history, checkpoints)
    return RebuiltRun(
        run=_record(said, experiment, state, history),
        history=history,
        artifacts=tuple(artifacts),
        test_epoch=None if scores is None else scores.epoch,
        test_scores={} if scores is None else {name: getattr(scores, name) for name in CURVES},
        remarks=tuple(remarks),
    )


def _experiment(said: _RunFile) -> Experiment:
    experiment = parse(said.config)
    if said.epochs > experiment.total_epochs:
        raise ArtifactCorrupt(
            f"Its {RUN_FILE} asks for {said.epochs} epochs and its experiment for "
            f"{experiment.total_epochs}."
        )
    return experiment


def _record(
    said: _RunFile, experiment: Experiment, state: RunState, history: Sequence[FoundEpoch]
) -> Run:
    """The record. A lost search's trial becomes a plain run, tagged with the search's id."""
    tags = said.tags if said.search_id is None else (*said.tags, f"search {said.search_id[:8]}")
    return Run(
        id=said.id,
        name=said.name,
        state=state,
        attempt=said.attempt,
        preset=said.preset,
        dataset=experiment.data.dataset,
        seed=experiment.seed,
        digest=experiment.digest,
        config=experiment.to_dict(),
        group_id=said.group_id,
        queue_position=0.0,
        epochs=said.epochs,
        epochs_done=len(history),
        best=best_of(history),
        progress=None,
        failure=None,
        engine=said.engine,
        device=said.device,
        created_at=said.created_at,
        started_at=said.started_at,
        finished_at=said.finished_at,
        heartbeat_at=None,
        stop_requested=False,
        auto_resumes=0,
        pid=None,
        archived=said.archived,
        tags=tags,
        notes=said.notes,
        continues_run=said.continues_run,
    )


def _state(
    said: _RunFile,
    experiment: Experiment,
    history: Sequence[FoundEpoch],
    checkpoints: Sequence[_Checkpoint],
) -> RunState:
    if not history:
        return RunState.STOPPED
    last_phase = 0 if experiment.training.fine_tuning is None else 1
    newest = max((each.state for each in checkpoints), key=lambda s: len(s.history), default=None)
    ended_early = newest is not None and newest.ended_early and newest.phase == last_phase
    if said.state is RunState.FINISHED or len(history) >= said.epochs or ended_early:
        return RunState.FINISHED
    return RunState.STOPPED


def _checkpoints(folder: Path, remarks: list[str]) -> Iterator[_Checkpoint]:
    """Every checkpoint that is whole, oldest first."""
    for path in sorted((folder / "checkpoints").glob("epoch-*")):
        name = path.relative_to(folder).as_posix()
        try:
            manifest = _Manifest.model_validate(_json(folder, f"{name}/manifest.json"))
            for each in _SUMMED:
                file = _own_file(folder, f"{name}/{each}")
                if sha256_of(file) != manifest.sha256.get(each):
                    raise ArtifactCorrupt(f"{each} does not match its manifest.")
            state = _State.model_validate(_json(folder, f"{name}/state.json"))
        except (ArtifactCorrupt, ValidationError, OSError):
            remarks.append(f"Its {name} is damaged.")
            continue
        if _is_numbered(state.history):
            yield _Checkpoint(path, state)
        else:
            remarks.append(f"Its {name} is damaged.")


def _longest(histories: Sequence[tuple[FoundEpoch, ...]]) -> tuple[FoundEpoch, ...]:
    return max((each for each in histories if _is_numbered(each)), key=len, default=())


def _is_numbered(history: Sequence[FoundEpoch]) -> bool:
    """Whether its epochs are 1, 2, 3 and so on."""
    return [each.epoch for each in history] == list(range(1, len(history) + 1))


def _models(folder: Path, run_id: str, remarks: list[str]) -> Iterator[Artifact]:
    """The files of the best model that are not damaged."""
    for kind, name, about in _MODELS:
        if not (folder / name).exists():
            continue
        try:
            said = _ModelFile.model_validate(_json(folder, about))
            file = _own_file(folder, name)
            if sha256_of(file) != said.sha256:
                raise ArtifactCorrupt(f"{name} does not match {about}.")
        except (ArtifactCorrupt, ValidationError, OSError):
            remarks.append(f"Its {name} is damaged.")
            continue
        yield describe_file(run_id, kind, file, folder, said.epoch)


def _scores(folder: Path, remarks: list[str]) -> _Scores | None:
    if not (folder / TEST_SCORES).exists():
        return None
    try:
        return _Scores.model_validate(_json(folder, TEST_SCORES))
    except (ArtifactCorrupt, ValidationError):
        remarks.append(f"Its {TEST_SCORES} is damaged.")
        return None


def _json(folder: Path, name: str) -> Any:
    """The content of a JSON file of this folder. Raises ArtifactCorrupt."""
    file = _own_file(folder, name)
    try:
        if file.stat().st_size > MAX_JSON_BYTES:
            raise ArtifactCorrupt(f"Its {name} has more than {MAX_JSON_BYTES} bytes.")
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ArtifactCorrupt(f"Its {name} cannot be read ({type(error).__name__}).") from error


def _own_file(folder: Path, name: str) -> Path:
    """A regular file in this folder that no link on the way leads out of."""
    path = folder / name
    if not path.exists():
        raise ArtifactCorrupt(f"It has no {name}.")
    if not path.is_file() or path.resolve() != folder.resolve() / name:
        raise ArtifactCorrupt(f"Its {name} is no file of its own.")
    return path
