"""Seconds from a launch to its first batch."""

from __future__ import annotations

import time

from benchmarks.figures import Figure
from benchmarks.session import Session, until_training
from core.client import Client
from core.spec import Experiment

TITLE = "Launch"


def measure(session: Session) -> list[Figure]:
    """With a supervisor at work, and with none."""
    session.prepared()
    experiment = session.experiment("training.epochs=200")
    cold, warm = [], []
    with session.lab() as client:
        for _ in range(session.size.rounds):
            client.machine.stop_supervisor()
            cold.append(first_batch_s(client, experiment))
            warm.append(first_batch_s(client, experiment))
    return [
        Figure("Launch to first batch, supervisor at work", warm, "s", note="Keras' import leads"),
        Figure("Launch to first batch, no supervisor yet", cold, "s"),
    ]


def first_batch_s(client: Client, experiment: Experiment) -> float:
    """Submit, wait for the first batch, stop."""
    started = time.perf_counter()
    [run] = client.runs.submit(experiment)
    until_training(client, run.id)
    took = time.perf_counter() - started
    client.runs.stop(run.id)
    client.runs.wait([run.id], timeout_s=60)
    return took
