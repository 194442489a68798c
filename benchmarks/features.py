"""Epochs behind a frozen backbone whose features are kept, against the same without.

Images that are mirrored at random keep the trainer from keeping anything; mirroring itself costs
next to nothing. Both runs have the same network, batches and number of images.
"""

from __future__ import annotations

from datetime import datetime

from benchmarks.figures import Figure, NotMeasured, at_least
from benchmarks.session import Session, finished
from core.client import Client
from core.records.runs import Run
from core.spec import Experiment
from core.spec.overrides import override

TITLE = "Features of a frozen backbone"
_EPOCHS = 6
_NETWORK = "MobileNetV2"
_SIDES = {"cifar10": 96}
"""Side of the resized images by data set; 32 for the others."""


def measure(session: Session) -> list[Figure]:
    """A run with features kept and one without, one after the other."""
    session.prepared()
    kept_experiment = _experiment(session)
    mirrored = override(kept_experiment, ["data.augmentation.horizontal_flip=true"])
    with session.lab() as client:
        client.machine.ensure_supervisor()
        [kept] = finished(client, client.runs.submit(kept_experiment))
        [recomputed] = finished(client, client.runs.submit(mirrored))
        return _figures(client, kept_experiment, kept, recomputed)


def _experiment(session: Session) -> Experiment:
    side = _SIDES.get(session.size.dataset, 32)
    return override(
        session.experiment(),
        [
            f'model.backbone={{network="{_NETWORK}", weights={{kind="none"}}, image_size={side}}}',
            "model.stages=[]",
            "model.flatten=global_average",
            f"training.epochs={_EPOCHS}",
            f"data.train_size={session.size.train_size // 3}",
            # All images that are not trained on would be validated on otherwise.
            "data.validation_fraction=0.01",
        ],
    )


def _figures(client: Client, experiment: Experiment, kept: Run, recomputed: Run) -> list[Figure]:
    quick, slow = seconds_per_epoch(client, kept), seconds_per_epoch(client, recomputed)
    data = experiment.data
    side = experiment.model.backbone.image_size if experiment.model.backbone else None
    note = f"{_NETWORK} at {side} px, {data.train_size:,} images an epoch"
    return [
        Figure(
            "An epoch without kept features over one with them",
            [slow / quick],
            bound=at_least(5),
            note=f"{note}; validation and checkpoints included, the first two epochs left out",
        ),
        Figure("An epoch with kept features", [quick], "s"),
        Figure("An epoch without", [slow], "s"),
        Figure(
            f"A whole run of {_EPOCHS} epochs, without over with",
            [_seconds_of(recomputed) / _seconds_of(kept)],
            note="start, one pass through the backbone, exports and all",
        ),
    ]


def seconds_per_epoch(client: Client, run: Run) -> float:
    """A mean epoch with its checkpoint; the first compiles, and its export falls in the second."""
    history = client.metrics.history(run.id)
    if len(history) < 3:
        raise NotMeasured(f"{len(history)} epochs are too few to time.")
    taken = history[-1]["seconds"] - history[1]["seconds"]
    return float(taken / (len(history) - 2))


def _seconds_of(run: Run) -> float:
    started, ended = _known(run.started_at), _known(run.finished_at)
    return (ended - started).total_seconds()


def _known(moment: datetime | None) -> datetime:
    if moment is None:
        raise NotMeasured("A run that finished does not say when.")
    return moment
