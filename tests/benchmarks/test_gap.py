"""The gap is taken on the images as they are, with nothing dropped."""

from __future__ import annotations

import pytest

from benchmarks.figures import TINY
from benchmarks.gap import HEADER, gap, row
from benchmarks.session import Session, finished

pytestmark = pytest.mark.slow


def test_both_accuracies_are_those_of_the_best_network_at_rest() -> None:
    with Session(TINY) as session, session.lab() as client:
        [run] = finished(
            client,
            client.runs.submit(
                session.experiment(
                    "training.epochs=3",
                    "data.augmentation.shift=0.3",
                    "model.regularization.conv_dropout=0.5",
                )
            ),
        )
        found = gap(client, run.id)
        curve = client.metrics.frame([run.id])
    assert run.best is not None
    assert found.epoch == run.best.epoch
    assert found.validation == pytest.approx(run.best.val_accuracy, abs=1e-6)
    of_epoch = curve[(curve["epoch"] == found.epoch) & (curve["name"] == "accuracy")]
    learning = of_epoch[of_epoch["split"] == "train"]["value"].item()
    assert found.while_learning == learning
    assert found.train != learning
    assert row(found).count("|") == HEADER.splitlines()[0].count("|")
