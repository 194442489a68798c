"""What scripts can rely on of searches: JSON shapes, exit codes, names and ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.client import Client
from core.records.runs import RunState
from core.records.searches import SearchState
from core.settings import Settings
from core.spec.search import search_to_toml
from tests.core.cli.conftest import Convscope
from tests.core.client.searching import add_search, lived_search, small_search


@pytest.fixture
def client(settings: Settings) -> Client:
    """Looks at what the command does, and lives the searches' lives while no supervisor does."""
    client = Client(settings)
    client.machine.stop_supervisor()
    return client


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("search", "no_such"), "no_such"),
        (("search", "no/such.toml"), "no/such.toml"),
        (("search", "mine.toml", "--set", "training.nothing=1"), "training.nothing"),
        (("search", "mine.toml", "--set", "training.learning_rate=1"), "rate"),
        (("search", "mine.toml", "--trials", "0"), "max_trials"),
        (("search", "mine.toml", "--parallel", "65"), "parallel"),
        (("search", "mine.toml", "--name", "x" * 200), "name"),
        (("search", "mine.toml", "--set", "data.dataset=nowhere"), "base.data.dataset"),
        (("search", "experiment.toml"), "parameters"),
        (("trials", "no_such"), "no_such"),
        (("pause", "no_such"), "no_such"),
        (("resume", "no_such"), "no_such"),
        (("end", "../etc"), "../etc"),
        (("promote", "no_such"), "no_such"),
        (("promote", "wrong", "--seeds", "1,x"), "seeds"),
        (("promote", "wrong", "--seeds", "1,1"), "seeds"),
        (("promote", "wrong", "--top", "0"), "top"),
        (("search",), "PRESET"),
        (("pause",), "SEARCH"),
    ],
)
def test_a_wrong_command_is_told_on_standard_error_with_code_2(
    convscope: Convscope, client: Client, tmp_path: Path, arguments: tuple[str, ...], named: str
) -> None:
    if "wrong" in arguments and not client.searches.list():
        lived_search(client, name="wrong")
        client.store.searches.end(client.searches.get("wrong").id)
    (tmp_path / "mine.toml").write_text(search_to_toml(small_search()), encoding="utf-8")
    (tmp_path / "experiment.toml").write_text("[training]\nepochs = 2\n", encoding="utf-8")
    done = convscope(*arguments)
    assert done.code == 2, done.err
    assert named in done.err
    assert done.out == ""
    assert "Traceback" not in done.err
    assert not client.machine.supervisor().is_running


def test_searches_and_trials_have_the_shapes_that_were_promised(
    convscope: Convscope, client: Client
) -> None:
    found, trials = lived_search(client, name="shapes")
    listed = {each["name"]: each for each in convscope("searches", "--json").json}["shapes"]
    assert listed == {
        "id": found.id,
        "name": "shapes",
        "state": "running",
        "reason": "",
        "preset": None,
        "trials": 3,
        "trials_done": 3,
        "max_trials": 4,
        "best": {"number": 2, "score": 0.75},
        "created_at": found.created_at.isoformat(),
        "finished_at": None,
    }
    shown = convscope("trials", "shapes", "--json").json
    assert {"number", "state", "values", "score", "runs"} <= set(shown[0])
    assert [each["number"] for each in shown] == [1, 2, 3]
    assert [each["score"] for each in shown] == [0.5, 0.75, 0.625]
    assert shown[1]["values"] == {"dropout": 0.25, "rate": 0.001}
    assert shown[1]["runs"] == list(trials[1].run_ids)
    assert convscope("trials", found.id[:8], "--json").json == shown
    assert "0.7500" in convscope("trials", "shapes").out
    assert "shapes" in convscope("searches").out
    client.store.searches.end(found.id)


def test_pause_resume_and_end_tell_what_became_of_it(convscope: Convscope, client: Client) -> None:
    found = add_search(client, small_search(name="to and fro"))

    def told(*arguments: str) -> object:
        done = convscope(*arguments, "to and fro", "--json")
        assert done.code == 0, done.err
        return done.json

    assert told("pause") == {"searches": [{"id": found.id, "state": "paused"}]}
    refused = convscope("pause", "to and fro")
    assert refused.code == 1
    assert "paused" in refused.err
    assert told("end") == {"searches": [{"id": found.id, "state": "finished"}]}


def test_resume_tells_runs_from_searches(convscope: Convscope, client: Client) -> None:
    found = add_search(client, small_search(name="again"))
    client.store.searches.pause(found.id)
    [run] = client.store.runs.add(small_search().base)
    client.runs.stop(run.id)
    done = convscope("resume", run.id[:8], "again", "--json")
    assert done.code == 0, done.err
    assert done.json["searches"] == [{"id": found.id, "state": "running"}]
    [resumed] = done.json["runs"]
    assert resumed["id"] == run.id
    assert resumed["state"] in {"queued", "running"}
    client.searches.end(found.id)
    client.runs.stop(run.id)
    client.searches.wait(found.id, timeout_s=60)
    client.runs.wait([run.id], timeout_s=60)


def test_resume_of_nothing_names_both_lists(convscope: Convscope) -> None:
    refused = convscope("resume", "nosuch")
    assert refused.code == 2
    assert "convscope runs" in refused.err
    assert "convscope searches" in refused.err


def test_promote_shows_the_trials_with_their_new_runs(convscope: Convscope, client: Client) -> None:
    lived_search(client, name="promoted")
    client.store.searches.end(client.searches.get("promoted").id)
    done = convscope("promote", "promoted", "--top", "2", "--seeds", "5,6", "--json")
    assert done.code == 0, done.err
    first, second = done.json["promotions"]
    assert (first["number"], first["search_score"], first["mean"]) == (2, 0.75, None)
    assert second["number"] == 3
    assert [len(each["run_ids"]) for each in (first, second)] == [2, 2]
    again = convscope("promote", "promoted", "--top", "2", "--seeds", "5,6", "--json")
    assert [each["run_ids"] for each in again.json["promotions"]] == [
        first["run_ids"],
        second["run_ids"],
    ]
    for run_id in (*first["run_ids"], *second["run_ids"]):
        client.runs.stop(run_id)
    ended = client.runs.wait([*first["run_ids"], *second["run_ids"]], timeout_s=60)
    assert {run.state for run in ended} <= {RunState.STOPPED, RunState.FINISHED}
    assert "trial" in convscope("promote", "promoted", "--top", "1", "--seeds", "5").out


def test_a_message_of_a_search_cannot_command_the_terminal(
    convscope: Convscope, client: Client
) -> None:
    search = add_search(client, small_search())
    client.store.searches.end(search.id)
    # The lab itself refuses such a name; somebody else's database may hold it.
    with client.store.database.write() as connection:
        statement = "UPDATE search SET name = ? WHERE id = ?"
        connection.exec_driver_sql(statement, ("\x1b]0;owned\x07", search.id))
    out = convscope("searches").out
    assert "owned" in out
    assert all(each.isprintable() or each == "\n" for each in out)
    assert {each.state for each in client.searches.list()} <= set(SearchState)
