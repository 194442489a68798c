"""A search at the terminal, from its start to its best network retrained, on digits."""

from __future__ import annotations

import time
from collections.abc import Callable

import keras
import pytest

from core.client import Client
from core.records.runs import RunState
from core.records.searches import SearchState
from core.settings import Settings
from core.spec.files import read_experiment
from tests.core.cli.conftest import Convscope, convscope, environment, settings

__all__ = ["convscope", "environment", "settings"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SMALL = ("--set", "data.dataset=digits", "--set", "data.train_size=200")


@pytest.fixture
def client(settings: Settings) -> Client:
    """Looks at what the command does."""
    return Client(settings)


def until(condition: Callable[[], bool], timeout_s: float = 300.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_search_look_promote_and_predict(convscope: Convscope, client: Client) -> None:
    client.machine.set_cpu_slots(2)
    started = convscope(
        "search",
        "lab_search",
        *SMALL,
        "--set",
        "training.epochs=2",
        "--trials",
        "3",
        "--parallel",
        "2",
        "--wait",
        "--json",
        timeout_s=800,
    )
    assert started.code == 0, started.err
    search_id = started.json["search"]
    assert started.err.count("completed, score") == 3

    [listed] = convscope("searches", "--json").json
    assert (listed["id"], listed["name"], listed["state"]) == (search_id, "lab_search", "finished")
    trials = convscope("trials", "lab_search", "--json").json
    assert [each["number"] for each in trials] == [1, 2, 3]
    assert {each["state"] for each in trials} == {"completed"}
    assert len({str(each["values"]) for each in trials}) == 3, "no combination twice"
    for each in trials:
        [run_id] = each["runs"]
        shown = convscope("show", run_id, "--json").json
        assert [row["epoch"] for row in shown["history"]] == [1, 2]
        assert each["score"] == max(row["val_accuracy"] for row in shown["history"])
    best = max(trials, key=lambda each: (each["score"], -each["number"]))
    assert listed["best"] == {"number": best["number"], "score": best["score"]}

    folder = client.settings.search_folder(search_id)
    assert keras.saving.load_model(folder / "best.keras").output_shape == (None, 10)
    [run_id] = best["runs"]
    assert read_experiment(folder / "experiment.toml").digest == client.runs.clone(run_id).digest

    promoted = convscope(
        "promote",
        search_id[:8],
        "--top",
        "1",
        "--seeds",
        "5,6",
        "--wait",
        "--json",
        timeout_s=800,
    )
    assert promoted.code == 0, promoted.err
    [promotion] = promoted.json["promotions"]
    assert (promotion["number"], promotion["search_score"]) == (best["number"], best["score"])
    assert promotion["mean"] == pytest.approx(sum(promotion["scores"]) / 2)
    assert promotion["test"] is None
    assert [client.runs.get(each).seed for each in promotion["run_ids"]] == [5, 6]
    assert len(convscope("trials", "lab_search", "--json").json) == 3


def test_a_search_rests_goes_on_and_ends_as_it_is_told(
    convscope: Convscope, client: Client
) -> None:
    started = convscope(
        "search",
        "lab_search",
        *SMALL,
        "--set",
        "training.epochs=40",
        "--trials",
        "20",
        "--name",
        "long",
        "--json",
    )
    assert started.code == 0, started.err
    until(lambda: any(each.run_ids for each in client.trials.list("long")))
    assert convscope("pause", "long").code == 0
    paused = client.searches.get("long")
    assert paused.state is SearchState.PAUSED
    # What trains goes on to its end, and nothing follows it.
    assert client.searches.wait("long", timeout_s=300).num_done == paused.num_trials
    assert convscope("resume", "long", "--json").json["searches"][0]["state"] == "running"
    until(lambda: len(client.trials.list("long")) > paused.num_trials)
    assert convscope("end", "long").code == 0
    ended = client.searches.wait("long", timeout_s=120)
    assert ended.state is SearchState.FINISHED
    runs = [run_id for each in client.trials.list("long") for run_id in each.run_ids]
    assert not any(run.state.is_active for run in client.runs.list(ids=runs))
    assert RunState.STOPPED in {run.state for run in client.runs.list(ids=runs)}
