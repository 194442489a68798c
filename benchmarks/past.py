"""Labs with a past: many finished runs, or long curves, through the store's own verbs."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from sqlalchemy import update

from core.client import Client
from core.records.runs import Run, RunState
from core.spec import Experiment
from core.store import tables
from core.training.reporter import EpochRecord


def add_runs_with_curves(
    client: Client, experiment: Experiment, num_runs: int, num_epochs: int
) -> list[Run]:
    """Finished runs whose curves fall and waver as real ones do."""
    several = experiment.model_copy(update={"seeds": tuple(range(1, num_runs + 1))})
    runs = client.store.runs.add(several)
    for number in range(num_runs):
        run = client.store.runs.claim_next("cpu")
        if run is None:
            raise RuntimeError("A run that was just queued could not be claimed.")
        curve = [_record(number, epoch) for epoch in range(1, num_epochs + 1)]
        client.store.metrics.replace_history(run.id, run.attempt, curve)
        client.store.runs.end(run.id, run.attempt, RunState.FINISHED, reason="made for a benchmark")
    return client.runs.list(ids=[run.id for run in runs])


def add_finished_runs(client: Client, experiment: Experiment, num_runs: int) -> None:
    """Finished runs without curves, all at once: thousands by the store's verbs take minutes."""
    several = experiment.for_seed(1)
    for _ in range(num_runs):
        client.store.runs.add(several, tags=("benchmark",))
    with client.store.database.write() as connection:
        connection.execute(
            update(tables.run).values(
                state=RunState.FINISHED,
                device="cpu",
                engine="tensorflow",
                started_at=datetime.now(UTC),
                finished_at=datetime.now(UTC),
                epochs_done=several.training.epochs,
                best_epoch=1,
                best_val_accuracy=0.7,
                best_val_loss=0.9,
            )
        )


def _record(number: int, epoch: int) -> EpochRecord:
    fall = math.exp(-epoch / (40 + 5 * number))
    wiggle = 0.02 * math.sin(epoch * (2 + number))
    metrics = {
        "loss": 0.1 + 2 * fall,
        "accuracy": 0.97 - 0.8 * fall,
        "val_loss": 0.6 + 1.6 * fall + wiggle,
        "val_accuracy": 0.8 - 0.6 * fall + wiggle / 4,
        "learning_rate": 1e-3 * 0.5 ** (epoch // 100),
    }
    return EpochRecord(epoch, metrics, seconds=12.5 * epoch, images=45_000 * epoch)
