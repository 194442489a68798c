"""The best trials of a search are trained again, and what choosing flattered is shown."""

from __future__ import annotations

import pytest

from core.client import Client
from core.errors import InvalidExperiment, SearchStateError
from core.spec import parse
from tests.core.client.searching import add_search, finish_run, lived_search, small_search

pytestmark = pytest.mark.usefixtures("nothing_starts")


def test_the_best_trials_are_trained_again_once_on_the_whole_schedule(client: Client) -> None:
    lived_search(client)
    runs = client.trials.promote("small", top=2, seeds=[7, 8])
    assert [(run.trial_number, run.seed) for run in runs] == [(2, 7), (2, 8), (3, 7), (3, 8)]
    for run in runs:
        assert run.epochs == 3, "the base's own, not the two of the search's budget"
        assert run.promoted
    assert parse(runs[0].config).model.regularization.dense_dropout == 0.25
    assert client.trials.promote("small", top=2, seeds=[7, 8]) == []
    [more] = client.trials.promote("small", top=1, seeds=[7, 8, 9])
    assert (more.trial_number, more.seed) == (2, 9)
    assert more.id not in client.trials.list("small")[1].run_ids


def test_promotions_show_what_choosing_flattered(client: Client) -> None:
    lived_search(client)
    runs = client.trials.promote("small", top=2, seeds=[7, 8])
    for run, accuracy in zip(runs, (0.70, 0.66, 0.64, 0.60), strict=True):
        finish_run(client, run, [0.1, accuracy, accuracy - 0.05])
    client.store.metrics.save_test_metrics(runs[0].id, 2, {"loss": 1.0, "accuracy": 0.65})
    first, second = client.trials.promotions("small")
    assert (first.number, first.search_score, first.scores) == (2, 0.75, (0.70, 0.66))
    assert first.mean == pytest.approx(0.68)
    assert first.std == pytest.approx(0.0283, abs=1e-4)
    assert first.test == 0.65
    assert second.number == 3
    assert second.test is None


def test_a_promotion_that_failed_is_made_again(client: Client) -> None:
    lived_search(client)
    [run] = client.trials.promote("small", top=1, seeds=[7])
    client.runs.stop(run.id)
    [again] = client.trials.promote("small", top=1, seeds=[7])
    assert again.id != run.id


def test_nothing_is_promoted_before_a_trial_has_a_score(client: Client) -> None:
    add_search(client, small_search())
    with pytest.raises(SearchStateError, match="nothing to promote"):
        client.trials.promote("small", top=1, seeds=[1])
    lived_search(client, name="other")
    for seeds in ([], [1, 1], [-1]):
        with pytest.raises(InvalidExperiment) as refused:
            client.trials.promote("other", top=1, seeds=seeds)
        assert refused.value.field.startswith("seeds")
