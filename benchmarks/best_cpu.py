"""How long `lab_best_cpu` takes for its whole schedule, over `scratch_cnn`'s thirty epochs."""

from __future__ import annotations

from benchmarks.figures import Figure, at_most
from benchmarks.session import Session
from benchmarks.throughput import watched
from core.client import Client
from core.datasets import DATASETS
from core.spec.overrides import override

TITLE = "Best of the lab on a CPU"
_OURS, _THEIRS = "lab_best_cpu", "scratch_cnn"


def measure(session: Session) -> list[Figure]:
    """A few short epochs of each in turn, through the product, each scaled to its whole schedule.

    Training grows with the images, validation is whole already; checkpoints and exports between
    epochs are left out of both.
    """
    session.prepared()
    with session.lab() as client:
        client.machine.ensure_supervisor()
        turns = [
            (_minutes(client, session, _OURS), _minutes(client, session, _THEIRS))
            for _ in range(session.size.rounds)
        ]
    return [
        Figure(
            "Whole schedule over 30 epochs of `scratch_cnn`",
            [ours / theirs for ours, theirs in turns],
            bound=at_most(1.0),
            note=f"from epochs of {session.size.train_size:,} images, the first left out",
        ),
        Figure("`lab_best_cpu`, 24 epochs", [ours for ours, _ in turns], "min"),
        Figure("`scratch_cnn`, 30 epochs", [theirs for _, theirs in turns], "min"),
    ]


def _minutes(client: Client, session: Session, name: str) -> float:
    whole, size = client.experiments.preset(name).experiment, session.size
    short = override(
        whole,
        [
            f"data.dataset={size.dataset}",
            f"data.train_size={size.train_size}",
            f"training.epochs={size.epochs}",
        ],
    )
    [run] = client.runs.submit(short)
    timed = watched(client, run)
    num_images = DATASETS[size.dataset].train_size * (1 - whole.data.validation_fraction)
    times = num_images / size.train_size
    return whole.total_epochs * (timed.training_s * times + timed.validating_s) / 60
