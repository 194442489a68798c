"""Images per second of a launched run over a bare Keras script, turn and turn about."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.figures import Figure, NotMeasured, at_least
from benchmarks.session import PATIENCE_S, Session, finished, run_to_end
from core.client import Client
from core.datasets import load
from core.datasets.split import split_of
from core.jobs.launch import device_environment
from core.records.phases import Phase
from core.records.runs import Progress, Run
from core.spec import Experiment

TITLE = "Throughput"
_LOOK_S = 0.02
_INSIDE = (Phase.TRAINING, Phase.VALIDATING)


@dataclass(frozen=True)
class Timed:
    """One training, its first epoch left out."""

    training_s: float
    """A mean epoch's training images."""
    validating_s: float
    """And its validation images."""
    period_s: float
    """From one epoch's end to the next, so with checkpoint and exports in between."""
    outside_share: float = 0.0
    """Of the time from first batch to verdict, what was neither training nor validation."""

    @property
    def epoch_s(self) -> float:
        """Training and validation, a mean epoch."""
        return self.training_s + self.validating_s


def measure(session: Session) -> list[Figure]:
    """A run, the script, a run, the script: each pair gives one ratio."""
    session.prepared()
    experiment = session.experiment()
    launched, bare = [], []
    with session.lab() as client:
        arrays = write_arrays(client, experiment, session.folder / "arrays.npz")
        client.machine.ensure_supervisor()
        for _ in range(session.size.rounds):
            [run] = client.runs.submit(experiment)
            launched.append(watched(client, run))
            bare.append(bare_fit(client, client.runs.get(run.id), experiment, arrays))
    return _figures(session.size.train_size, launched, bare)


def write_arrays(client: Client, experiment: Experiment, path: Path) -> Path:
    """The very images that the run trains and validates on, as a script would hold them."""
    data = experiment.data
    opened = load(data.dataset, client.settings)
    parts = split_of(data, opened.train_labels)
    images, labels = opened.train_images, opened.train_labels
    train, val = parts.train_indices, parts.validation_indices
    np.savez(
        path,
        x_train=images[train],
        y_train=labels[train],
        x_val=images[val],
        y_val=labels[val],
    )
    return path


def watched(client: Client, run: Run) -> Timed:
    """Follow a run's phases as a page does, and take its times from its own reports."""
    reports: list[Progress] = []
    give_up_at = time.monotonic() + PATIENCE_S
    revision = -1
    while (now := client.runs.get(run.id)).state.is_active and time.monotonic() < give_up_at:
        if now.progress and (not reports or now.progress.phase != reports[-1].phase):
            reports.append(now.progress)
        while client.revision() == revision and time.monotonic() < give_up_at:
            time.sleep(_LOOK_S)
        revision = client.revision()
    [done] = finished(client, [run])
    return _timed(client, done, reports)


def _timed(client: Client, run: Run, reports: list[Progress]) -> Timed:
    stamps = [each.at.timestamp() for each in reports if each.at]
    ended = run.finished_at.timestamp() if run.finished_at else stamps[-1]
    lengths = np.diff([*stamps, ended])
    inside = [
        (each.phase, seconds)
        for each, seconds in zip(reports, lengths, strict=True)
        if each.phase in _INSIDE
    ]
    # An epoch is a training phase and the validation after it; the first is warm-up.
    starts = [i for i, (phase, _) in enumerate(inside) if phase is Phase.TRAINING]
    if len(starts) != run.epochs:
        raise NotMeasured(f"{len(starts)} of {run.epochs} epochs were seen: too short to time.")
    warm = inside[starts[1] :]
    training_s, validating_s = (
        sum(seconds for phase, seconds in warm if phase is each) / (run.epochs - 1)
        for each in _INSIDE
    )
    total = sum(lengths[[each.phase for each in reports].index(Phase.TRAINING) :])
    history = client.metrics.history(run.id)
    period = (history[-1]["seconds"] - history[0]["seconds"]) / (run.epochs - 1)
    outside = 1 - sum(seconds for _, seconds in inside) / total
    return Timed(training_s, validating_s, period, outside)


def bare_fit(client: Client, run: Run, experiment: Experiment, arrays: Path) -> Timed:
    """The same on the same device by `benchmarks/plain_fit.py`."""
    training = experiment.training
    words = [str(arrays), str(training.epochs), str(training.batch_size)]
    script = str(Path(__file__).with_name("plain_fit.py"))
    command = [sys.executable, script, *words]
    environment = device_environment(run.device or "cpu", 1)
    environment |= {"KERAS_BACKEND": run.engine or "", "TF_CPP_MIN_LOG_LEVEL": "2"}
    told = json.loads(run_to_end(command, client.settings, **environment))
    expected = client.experiments.describe(experiment).parameters
    if told["parameters"] != expected:
        raise RuntimeError(f"The script's network has {told['parameters']}, not {expected}.")
    mean = float(np.mean(told["seconds"][1:]))
    return Timed(mean, 0.0, mean)


def _figures(num_images: int, launched: list[Timed], bare: list[Timed]) -> list[Figure]:
    pairs = list(zip(launched, bare, strict=True))
    return [
        Figure(
            "Launched run over bare Keras `fit`, within epochs",
            [b.epoch_s / a.epoch_s for a, b in pairs],
            bound=at_least(0.97),
            note="images per second, training and validation, first epoch left out",
        ),
        Figure(
            "The same, with checkpoint and exports between epochs",
            [b.period_s / a.period_s for a, b in pairs],
            note=f"epochs of only {num_images:,} images: what is done once an epoch weighs most",
        ),
        Figure("Launched run", [num_images / each.epoch_s for each in launched], "images/s"),
        Figure("Bare Keras `fit`", [num_images / each.epoch_s for each in bare], "images/s"),
        Figure(
            "Share of a run outside its epochs",
            [100 * each.outside_share for each in launched],
            "%",
            note="checkpoints and exports, from the first batch to the verdict",
        ),
    ]
