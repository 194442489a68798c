"""Promise: whoever waits for a search is not kept waiting for what nobody will note."""

from __future__ import annotations

import pytest

from core.client import Client
from core.records.searches import SearchState, TrialState
from tests.core.client.searching import add_search, begin_trial, small_search


@pytest.mark.timeout(30)
def test_a_search_that_failed_is_over_though_its_trials_are_not(client: Client) -> None:
    found = add_search(client, small_search())
    begin_trial(client, found.id, {"dropout": 0.5, "rate": 1e-3})
    generation = client.store.searches.get(found.id).generation
    client.store.controllers.fail(found.id, generation, "It cannot go on.")
    ended = client.searches.wait(found.id, timeout_s=None)
    assert ended.state is SearchState.FAILED
    assert client.trials.list(found.id)[0].state is TrialState.RUNNING
