"""Decoding a data set for the first time, and opening it later."""

from __future__ import annotations

from benchmarks.figures import Figure, at_most
from benchmarks.session import Session
from benchmarks.timing import seconds_of
from core.datasets import DATASETS, load

TITLE = "Data"


def measure(session: Session) -> list[Figure]:
    """The session's own cache starts empty, so its decoding is a first one."""
    session.prepared()
    if session.decode_s is None:
        raise RuntimeError("The data set was prepared and nobody took the time.")
    name = session.size.dataset
    info = DATASETS[name]
    with session.lab() as client:
        opens = seconds_of(lambda: load(name, client.settings), session.size.repeats)
    num_images = info.train_size + info.test_size
    return [
        Figure(
            f"Decode {num_images:,} images of {info.title}",
            [session.decode_s],
            "s",
            at_most(90.0),
            "into a fresh cache, in a process of its own",
        ),
        Figure("Open them later", opens, "s", at_most(0.5)),
    ]
