"""A later round of Hyperband is the rest of one training, not a second one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import pytest

from core.datasets import load
from core.datasets.opened import OpenedDataset
from core.jobs.search.continuation import take_over
from core.records.runs import EventKind, Run
from core.settings import Settings
from core.spec import Experiment, parse
from core.store.search.controllers import NewTrial
from core.store.store import Store
from core.training.trainer import train
from tests.core.store.searching import BUDGET, CONFIG
from tests.core.training.recording import Recorder

SCHEDULES: dict[str, dict[str, Any]] = {
    "constant, with patience": {
        "learning_rate": 0.01,
        "reduce_on_plateau": {"monitor": "val_accuracy", "patience": 1},
        "early_stopping": {"monitor": "val_loss", "patience": 9, "min_delta": 0.3},
    },
    "cosine, with momentum": {
        "learning_rate": 0.1,
        "optimizer": {"kind": "sgd"},
        "schedule": {"kind": "cosine"},
    },
}


@pytest.fixture(scope="module")
def digits() -> OpenedDataset:
    return load("digits", Settings.from_environment())


def tiny(**training: Any) -> Experiment:
    return parse(
        {
            "data": {
                "dataset": "digits",
                "train_size": 100,
                "augmentation": {"shift": 0.1, "cutout": 0.3},
            },
            "model": {
                "stages": [{"convolutions": [{"kind": "normal", "filters": 4}]}],
                "normalization": "batch",
                "regularization": {"conv_dropout": 0.3},
                "dense": [],
            },
            "training": {
                "epochs": 4,
                "batch_size": 32,
                "engine": keras.config.backend(),
                **training,
            },
        }
    )


def rounds(store: Store, experiment: Experiment, *, first: int) -> tuple[Run, Run]:
    """The runs of two rounds: the first to epoch ``first``, the second to the end."""
    search = store.searches.add("rounds", CONFIG, BUDGET)
    generation = store.controllers.claim(search.id, search.generation)
    assert generation is not None
    new = NewTrial("1.0", {"x": 1}, epochs=first)
    later = NewTrial("2.1", {"x": 1}, epochs=4, initial_epoch=first, continues=1)
    begun = [
        store.controllers.begin_trial(search.id, generation, each, experiment)
        for each in (new, later)
    ]
    one, two = (store.runs.get(trial.run_ids[0]) for trial in begun if trial is not None)
    return one, two


@pytest.mark.parametrize("training", SCHEDULES.values(), ids=list(SCHEDULES))
def test_a_continued_run_equals_one_that_was_never_interrupted(
    training: dict[str, Any],
    digits: OpenedDataset,
    settings: Settings,
    store: Store,
    tmp_path: Path,
) -> None:
    experiment = tiny(**training)
    first, second = rounds(store, experiment, first=2)
    heard: dict[str, Recorder] = {name: Recorder() for name in ("whole", "first", "second")}

    for folder in (tmp_path / "w", *map(settings.run_folder, (first.id, second.id))):
        folder.mkdir(parents=True)
    train(experiment, dataset=digits, folder=tmp_path / "w", reporter=heard["whole"], resume=False)
    ended = train(
        parse(first.config),
        dataset=digits,
        folder=settings.run_folder(first.id),
        reporter=heard["first"],
        resume=take_over(settings, store, first),
        until=first.epochs,
    )
    assert (ended.epochs, ended.stopped) == (2, False)
    assert take_over(settings, store, second)
    # As after a kill: what is there is not copied again.
    assert take_over(settings, store, second)
    train(
        parse(second.config),
        dataset=digits,
        folder=settings.run_folder(second.id),
        reporter=heard["second"],
        resume=True,
        until=second.epochs,
    )

    whole = heard["whole"].metrics
    assert len(whole) == 4
    assert heard["first"].metrics == whole[:2]
    assert heard["second"].metrics == whole
    assert [record.epoch for record in heard["second"].history] == [1, 2, 3, 4]
    # Only what was left was trained again.
    assert {epoch for epoch, _, _ in heard["second"].batches} == {3, 4}
    assert (settings.run_folder(second.id) / "best" / "best.keras").exists()
    assert (settings.run_folder(first.id) / "checkpoints" / "epoch-0002").exists()


def test_where_the_checkpoints_are_gone_training_starts_anew_and_says_so(
    settings: Settings, store: Store
) -> None:
    _, second = rounds(store, tiny(), first=2)
    settings.run_folder(second.id).mkdir(parents=True)
    assert take_over(settings, store, second)
    assert store.runs.events(second.id)[-1].kind is EventKind.CHECKPOINT_MISSING
    ordinary = store.runs.add(tiny())[0]
    assert not take_over(settings, store, ordinary)
