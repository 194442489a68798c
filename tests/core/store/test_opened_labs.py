"""Work that a results folder brings along waits until this user releases it, and no other does."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from core.errors import DecisionsError
from core.records.runs import HeldWork, HoldReason, RunState
from core.records.searches import SearchState
from core.settings import Settings
from core.store import tables
from core.store.opened_labs import FILE, Hold, held_work, lab_id, release
from core.store.store import Store
from tests.core.store.lives import queued
from tests.core.store.searching import BUDGET, CONFIG, begun, controlled

NOT_UTF8 = "not UTF-8"


def lab(tmp_path: Path, name: str = "results", user: str = "me") -> Settings:
    return Settings.from_environment(
        {"CONVSCOPE_RESULTS": str(tmp_path / name), "CONVSCOPE_CONFIG": str(tmp_path / user)}
    )


def is_held(settings: Settings) -> bool:
    with Store.open(settings) as store:
        return held_work(settings, store.database) is not None


def filled(settings: Settings) -> None:
    """A lab with a queued run."""
    with Store.open(settings) as store:
        queued(store)


def test_a_lab_that_this_user_made_is_never_held(tmp_path: Path) -> None:
    settings = lab(tmp_path)
    filled(settings)
    assert not is_held(settings)


def test_another_users_lab_waits_until_it_is_released_and_then_never_again(tmp_path: Path) -> None:
    filled(lab(tmp_path))
    settings = lab(tmp_path, user="other")
    with Store.open(settings) as store:
        assert held_work(settings, store.database) == HeldWork(num_runs=1, num_searches=0)
        before = store.revision()
        release(settings, store.database)
        assert held_work(settings, store.database) is None
        # Pages and the supervisor look again when it changes.
        assert store.revision() > before
    assert not is_held(settings)
    assert not is_held(lab(tmp_path))


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_that_could_start_something_waits(state: RunState, tmp_path: Path) -> None:
    filled(lab(tmp_path))
    with Store.open(lab(tmp_path)) as store, store.database.write() as connection:
        connection.execute(update(tables.run).values(state=state))
    assert is_held(lab(tmp_path, user="other")) == state.is_active


def test_a_running_search_waits_and_a_paused_one_does_not(tmp_path: Path) -> None:
    with Store.open(lab(tmp_path)) as store:
        search = store.searches.add("search", CONFIG, BUDGET)
    settings = lab(tmp_path, user="other")
    with Store.open(settings) as store:
        assert held_work(settings, store.database) == HeldWork(num_runs=0, num_searches=1)
        store.searches.pause(search.id)
        assert held_work(settings, store.database) is None


@pytest.mark.parametrize("state", list(SearchState))
def test_every_search_that_a_controller_would_be_started_for_waits(
    state: SearchState, tmp_path: Path
) -> None:
    with Store.open(lab(tmp_path)) as store:
        search, generation = controlled(store)
        begun(store, search, generation, rate=0.1)
        with store.database.write() as connection:
            connection.execute(update(tables.search).values(state=state))
            connection.execute(update(tables.run).values(state=RunState.STOPPED))
        at_work = len(store.controllers.active_searches())
    assert at_work == (state is not SearchState.FAILED)
    settings = lab(tmp_path, user="other")
    with Store.open(settings) as store:
        held = held_work(settings, store.database)
        assert (held.num_searches if held else 0) == at_work


def test_a_lab_opened_while_nothing_waited_is_not_held_later(tmp_path: Path) -> None:
    Store.open(lab(tmp_path)).close()
    other = lab(tmp_path, user="other")
    assert not is_held(other)
    filled(lab(tmp_path))
    assert not is_held(other)


def test_a_lab_moved_to_another_path_waits(tmp_path: Path) -> None:
    filled(lab(tmp_path))
    shutil.move(tmp_path / "results", tmp_path / "moved")
    assert is_held(lab(tmp_path, "moved"))


def test_another_database_at_the_same_path_waits(tmp_path: Path) -> None:
    filled(lab(tmp_path, "theirs", user="them"))
    Store.open(lab(tmp_path)).close()
    shutil.rmtree(tmp_path / "results")
    shutil.move(tmp_path / "theirs", tmp_path / "results")
    assert is_held(lab(tmp_path))


def test_a_database_elsewhere_is_known_by_its_identity_too(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path / 'elsewhere.sqlite'}"
    environment = {"CONVSCOPE_DATABASE_URL": address, "CONVSCOPE_RESULTS": str(tmp_path / "mine")}
    users = [
        Settings.from_environment(environment | {"CONVSCOPE_CONFIG": str(tmp_path / name)})
        for name in ("me", "other")
    ]
    filled(users[0])
    assert [is_held(each) for each in users] == [False, True]


def test_a_labs_identity_is_not_listed_as_unreadable(tmp_path: Path) -> None:
    with Store.open(lab(tmp_path)) as store:
        store.settings.set_cpu_slots(2)
        assert store.unreadable.list() == []


def test_a_lab_has_one_identity_that_is_random_and_stays(tmp_path: Path) -> None:
    with Store.open(lab(tmp_path)) as store, Store.open(lab(tmp_path, "other")) as other:
        found = lab_id(store.database)
        assert re.fullmatch("[0-9a-f]{32}", found)
        assert (lab_id(store.database), lab_id(other.database) == found) == (found, False)


@pytest.mark.parametrize(
    "value", ["", "{", '"../x"', 7, "null", '["a"]', f'"{"A" * 32}"', NOT_UTF8]
)
def test_an_identity_that_is_none_is_replaced(value: object, tmp_path: Path) -> None:
    settings = lab(tmp_path)
    filled(settings)
    with Store.open(settings) as store, store.database.write() as connection:
        given = "CAST(X'ff' AS TEXT)" if value == NOT_UTF8 else ":value"
        statement = f"UPDATE setting SET value = {given} WHERE name = 'lab_id'"
        connection.execute(text(statement), {} if value == NOT_UTF8 else {"value": value})
    assert is_held(settings)
    with Store.open(settings) as store:
        assert re.fullmatch("[0-9a-f]{32}", lab_id(store.database))


def test_a_configuration_folder_that_cannot_be_written_to_is_a_sentence(tmp_path: Path) -> None:
    settings = lab(tmp_path)
    settings.config.write_text("a file stands in its place")
    with Store.open(settings) as store:
        assert held_work(settings, store.database) is None
        queued(store)
        assert held_work(settings, store.database) == HeldWork(1, 0, HoldReason.NOT_STORABLE)
        with pytest.raises(DecisionsError, match="CONVSCOPE_CONFIG"):
            release(settings, store.database)


@pytest.mark.parametrize("content", [b"", b"3", b"[[", b"[1, null, {}]"])
def test_a_damaged_list_holds_everything_and_can_be_written_again(
    content: bytes, tmp_path: Path
) -> None:
    settings = lab(tmp_path)
    filled(settings)
    (settings.config / FILE).write_bytes(content)
    with Store.open(settings) as store:
        assert held_work(settings, store.database) is not None
        release(settings, store.database)
        assert held_work(settings, store.database) is None


def test_opening_leaves_the_labs_revision_as_it_is(tmp_path: Path) -> None:
    with Store.open(lab(tmp_path)) as store:
        before = store.revision()
    with Store.open(lab(tmp_path, user="other")) as store:
        assert store.revision() == before
        with store.database.read() as connection:
            names = connection.execute(select(tables.setting.c.name)).scalars().all()
    assert names == ["lab_id"]
    assert (tmp_path / "other" / FILE).exists()


def test_a_lab_that_is_known_is_not_read_again(tmp_path: Path) -> None:
    filled(lab(tmp_path))
    settings = lab(tmp_path, user="other")
    with Store.open(settings) as store:
        hold = Hold(settings, store.database)
        assert hold.work() == HeldWork(1, 0)
        release(settings, store.database)
        assert hold.work() is None
        (settings.config / FILE).unlink()
        assert hold.work() is None
        assert held_work(settings, store.database) is not None


def test_a_lab_that_could_not_be_noted_is_read_again(tmp_path: Path) -> None:
    settings = lab(tmp_path)
    settings.config.write_text("a file stands in its place")
    with Store.open(settings) as store:
        hold = Hold(settings, store.database)
        assert hold.work() is None
        queued(store)
        assert hold.work() == HeldWork(1, 0, HoldReason.NOT_STORABLE)
