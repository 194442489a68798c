"""`python -m benchmarks.gap RUN [RUN ...]`: how much better a network knows what it learned from.

Reads runs of the results folder (CONVSCOPE_RESULTS) by their ids or the beginnings of them. The
training accuracy of a curve is taken while the network learns: with dropout, on augmented images,
by weights that still move. Two networks of which one has much more dropout cannot be compared by
it. Here the best network answers its training images as it answers those of validation: as they
are, with nothing dropped.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

from core.client import Client
from core.datasets import load
from core.datasets.split import split_of
from core.spec import parse
from core.spec.training import Engine
from core.training.engine import select_engine
from core.training.evaluation import evaluate

HEADER = "| run | epoch | train, as they are | validation | gap | train, while learning |\n" + (
    "|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Gap:
    """Accuracies (shares of one) of the network of a run's best epoch."""

    name: str
    epoch: int
    train: float
    validation: float
    while_learning: float
    """The curve's own, of that epoch."""


def gap(client: Client, reference: str) -> Gap:
    """Raises RunNotFound, DatasetUnavailable, or ArtifactCorrupt without a whole best network."""
    run = client.runs.get(reference)
    experiment = parse(run.config)
    data = experiment.data
    # Before the data: fetching some imports Keras, which keeps the engine that it finds then.
    select_engine(Engine.AUTO)
    opened = load(data.dataset, client.settings)
    parts = split_of(data, opened.train_labels)
    train, validation = (
        evaluate(
            experiment,
            client.settings.run_folder(run.id),
            opened.train_images,
            opened.train_labels,
            indices,
            opened.class_names,
        )
        for indices in (parts.train_indices, parts.validation_indices)
    )
    curve = client.metrics.frame([run.id])
    taken = (curve["split"] == "train") & (curve["name"] == "accuracy")
    of_epoch = curve[taken & (curve["epoch"] == train["epoch"])]["value"]
    return Gap(
        run.name or run.id,
        train["epoch"],
        train["accuracy"],
        validation["accuracy"],
        float(of_epoch.iloc[0]),
    )


def row(found: Gap) -> str:
    """One line of the table."""
    shares = (
        found.train,
        found.validation,
        found.train - found.validation,
        found.while_learning,
    )
    return (
        f"| `{found.name}` | {found.epoch} | "
        + " | ".join(f"{100 * share:.2f} %" for share in shares)
        + " |"
    )


def main(arguments: Iterable[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gap", description=__doc__)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    options = parser.parse_args(None if arguments is None else list(arguments))
    with closing(Client()) as client:
        rows = [row(gap(client, each)) for each in options.runs]
    sys.stdout.write("\n".join([HEADER, *rows]) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
