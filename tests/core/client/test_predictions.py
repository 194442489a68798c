"""Predictions: a run without a model says why."""

from __future__ import annotations

import pytest

from core.client import Client
from core.errors import (
    PredictionUnavailable,
)
from core.records.runs import Failure, RunState
from core.spec import Experiment


def test_a_run_without_a_model_says_why_it_cannot_predict(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    assert client.predictions.can_predict(run.id) is False
    problem = client.predictions.problem(run.id[:8])
    assert problem == "small waits in the queue: it has no model yet."
    client.store.runs.claim_next("cpu")
    assert "first epoch" in (client.predictions.problem(run.id) or "")
    failure = Failure("nan_loss", "The loss became NaN.")
    client.store.runs.end(run.id, 1, RunState.FAILED, reason="nan", failure=failure)
    with pytest.raises(PredictionUnavailable, match="small is failed and left no model"):
        client.predictions.predict(run.id, [("a.png", b"")])
