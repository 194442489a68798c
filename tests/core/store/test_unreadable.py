"""One row that cannot be read: the others go on, it is listed with why, and it can be deleted."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InvalidText, RunNotFound, SearchNotFound, StoreError
from core.records.runs import RunState, UnreadableRow
from core.settings import Settings
from core.store.store import Store
from core.store.unreadable import EVERYTHING
from tests.core.store.lives import epoch, queued, running
from tests.core.store.searching import BUDGET, CONFIG, begun, controlled

NOT_UTF8 = "CAST(x'636166e9' AS TEXT)"


def change(store: Store, statement: str) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql(statement)


def spoil(store: Store, run_id: str, column: str = "name", value: str = NOT_UTF8) -> None:
    change(store, f"UPDATE run SET {column} = {value} WHERE id = '{run_id}'")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", NOT_UTF8),
        ("created_at", "5"),
        ("created_at", "'yesterday'"),
        ("config", "'{'"),
        ("config", "'{}'"),
        ("tags", """'["\\ud800"]'"""),
        ("state", "'resting'"),
        ("seed", "'many'"),
        ("group_id", "'../../x'"),
        ("continues_run", "'../../x'"),
        ("pid", "-1"),
        ("progress", "'{}'"),
    ],
)
def test_one_bad_row_leaves_the_others_and_is_named(store: Store, column: str, value: str) -> None:
    good, bad = queued(store, seeds=(1, 2))
    spoil(store, bad.id, column, value)
    assert [run.id for run in store.runs.list()] == [good.id]
    assert store.runs.get(good.id) == good
    with pytest.raises(RunNotFound, match=column):
        store.runs.get(bad.id)
    [row] = store.unreadable.list()
    assert (row.table, row.entry_id) == ("run", bad.id)
    assert column in row.reason
    assert row.sentence.isprintable()


def test_an_id_that_is_a_path_is_refused_everywhere(store: Store) -> None:
    good, bad = queued(store, seeds=(1, 2))
    change(store, "DELETE FROM run_event")
    spoil(store, bad.id, "id", "'../../../tmp/x'")
    assert [run.id for run in store.runs.list()] == [good.id]
    assert [run.id for run in store.runs.queue()] == [good.id]
    assert store.runs.claim_next("cpu") is not None
    assert store.runs.claim_next("cpu") is None
    [row] = store.unreadable.list()
    assert row.entry_id is None


def test_the_queue_goes_on_past_a_row_that_cannot_be_read(store: Store) -> None:
    first, second, third = queued(store, seeds=(1, 2, 3))
    spoil(store, first.id)
    store.runs.move_in_queue(third.id, 0)
    claimed = store.runs.claim_next("cpu")
    assert claimed is not None
    assert claimed.id == third.id
    again = store.runs.claim_next("cpu")
    assert again is not None
    assert again.id == second.id
    assert store.runs.claim_next("cpu") is None


def test_new_runs_are_queued_behind_a_place_that_is_no_number(store: Store) -> None:
    bad = queued(store)[0]
    spoil(store, bad.id, "queue_position", "'last'")
    assert queued(store)[0].queue_position == 1.0


def test_curves_events_and_files_go_on_without_a_bad_row(store: Store) -> None:
    run = running(store)
    store.metrics.save_epoch(run.id, 1, epoch(1))
    store.metrics.save_epoch(run.id, 1, epoch(2))
    change(store, f"UPDATE metric SET name = {NOT_UTF8} WHERE epoch = 2 AND name = 'loss'")
    change(store, "UPDATE run_event SET at = 'x' WHERE id = 1")
    assert {m.name for m in store.metrics.list([run.id]) if m.epoch == 1} >= {"loss", "accuracy"}
    columns = store.metrics.columns([run.id])
    assert len(columns["value"]) == len(store.metrics.list([run.id])) == 8
    assert "validation accuracy" in store.metrics.last()[run.id]
    assert [event.after for event in store.runs.events(run.id)] == [RunState.RUNNING]
    assert {row.table for row in store.unreadable.list(EVERYTHING)} == {"metric", "run_event"}


def test_searches_and_trials_go_on_without_a_bad_row(store: Store) -> None:
    search, generation = controlled(store)
    begun(store, search, generation, rate=0.1)
    second = begun(store, search, generation, rate=0.2)
    other = store.searches.add("other", CONFIG, BUDGET)
    change(store, f'UPDATE trial SET "values" = {NOT_UTF8} WHERE number = 1')
    change(store, f"UPDATE search SET name = {NOT_UTF8} WHERE id = '{other.id}'")
    assert [trial.number for trial in store.searches.trials(search.id)] == [second.number]
    assert [each.id for each in store.controllers.active_searches()] == [search.id]
    with pytest.raises(SearchNotFound, match="cannot be read"):
        store.searches.get(other.id)
    assert begun(store, search, generation, rate=0.3).number == 3
    store.searches.end(search.id)


def test_only_what_cannot_be_read_is_deleted(store: Store) -> None:
    good, bad = queued(store, seeds=(1, 2))
    spoil(store, bad.id)
    [row] = store.unreadable.list()
    spoil(store, bad.id, "name", "'healed'")
    assert store.unreadable.delete([row]) == []
    spoil(store, bad.id)
    assert store.unreadable.delete([row, UnreadableRow("run", 999, "", "")]) == [row]
    assert [run.id for run in store.runs.list()] == [good.id]
    assert store.unreadable.list(EVERYTHING) == []


def test_runs_of_a_deleted_search_become_ordinary_ones(store: Store) -> None:
    search, generation = controlled(store)
    begun(store, search, generation, rate=0.1)
    change(store, "UPDATE search SET budget = '5'")
    assert len(store.unreadable.delete(store.unreadable.list())) == 1
    assert {run.search_id for run in store.runs.list()} == {None}


@pytest.mark.parametrize("value", [NOT_UTF8, "9223372036854775807", "-4", "'x'", "x'ff'"])
def test_the_change_counter_counts_on_from_anything(store: Store, value: str) -> None:
    change(
        store, f"UPDATE OR IGNORE revision SET value = {value}" if value != "NULL" else "SELECT 1"
    )
    queued(store)
    before = store.revision()
    queued(store)
    assert store.revision() != before


@pytest.mark.parametrize("text", ["caf\udce9", "a\x00b", "x" * 100_000])
def test_the_store_refuses_text_that_it_could_not_give_back(store: Store, text: str) -> None:
    run = queued(store)[0]
    for refused in (
        lambda: store.runs.rename(run.id, text),
        lambda: store.runs.set_tags(run.id, [text]),
        lambda: store.runs.set_notes(run.id, text),
    ):
        with pytest.raises(InvalidText):
            refused()
    for unknown in (lambda: store.runs.get(text), lambda: store.runs.list(ids=[text])):
        with pytest.raises(RunNotFound) as caught:
            unknown()
        assert len(str(caught.value)) < 300
    with pytest.raises(SearchNotFound):
        store.searches.get(text)
    assert store.runs.get(run.id) == run


def test_numbers_and_tables_that_no_row_could_hold_are_lab_errors(store: Store) -> None:
    search, _ = controlled(store)
    with pytest.raises(StoreError):
        store.searches.trial(search.id, 10**30)
    for values in ({"rate": "\ud800"}, {"rate": float("nan")}):
        with pytest.raises(StoreError):
            store.searches.enqueue_trial(search.id, values, epochs=1)
    assert store.searches.trials(search.id) == []


def test_a_name_or_a_tag_is_never_cut_in_silence(store: Store) -> None:
    run = queued(store)[0]
    with pytest.raises(InvalidText, match=r"at most 120 characters\. Got 121"):
        store.runs.rename(run.id, "x" * 121)
    with pytest.raises(InvalidText, match=r"at most 60 characters\. Got 61"):
        store.runs.set_tags(run.id, ["x" * 61])
    with pytest.raises(InvalidText, match=r"at most 50 tags\. Got 51"):
        store.runs.set_tags(run.id, [str(number) for number in range(51)])


def test_everything_in_a_lab_just_opened_can_be_read(tmp_path: Path) -> None:
    settings = Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / "lab")})
    with Store.open(settings) as opened:
        opened.settings.set_cpu_slots(3)
        assert opened.unreadable.list(EVERYTHING) == []
