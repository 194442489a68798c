"""Pages stand while a row cannot be read: it is named on the Runs page, and deleted there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from core.client import Client
from core.client.machine import Machine
from core.records.runs import RunState
from dashboard.pages.runs import unreadable_rows
from tests.core.client.hostile_rows import HostileLab, close_lab, make_lab, sampled
from tests.core.store.lives import in_state, queued
from tests.dashboard.conftest import Opener, texts

NUM_CHANGES = 8


@pytest.fixture
def hostile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Opener
) -> Iterator[HostileLab]:
    made = make_lab(tmp_path / "hostile")
    for name, value in made.client.settings.to_environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Machine, "ensure_supervisor", lambda self: None)
    yield made
    st.cache_resource.clear()
    close_lab(made)


def spoil(lab: Client, run_id: str) -> None:
    with lab.store.database.write() as connection:
        connection.exec_driver_sql(
            f"UPDATE run SET name = CAST(x'636166e9' AS TEXT) WHERE id = '{run_id}'"
        )


def test_the_runs_page_names_what_cannot_be_read_and_deletes_it(
    open_page: Opener, lab: Client
) -> None:
    good, bad = in_state(lab.store, RunState.FINISHED), queued(lab.store)[0]
    spoil(lab, bad.id)
    app = open_page("runs")
    assert "1 entry of the database cannot be read" in texts(app)
    assert list(app.dataframe[0].value["id"]) == [good.id]
    app.button(key="runs/unreadable").click().run()
    assert not app.exception
    assert "cannot be read" not in texts(app)
    assert lab.unreadable.list(everything=True) == []
    assert [run.id for run in lab.runs.list()] == [good.id]


def test_the_page_of_such_a_run_says_why(open_page: Opener, lab: Client) -> None:
    bad = queued(lab.store)[0]
    spoil(lab, bad.id)
    assert "cannot be read" in texts(open_page("run", run=bad.id))


@pytest.mark.parametrize(
    "text", ["a\x00b", "\x1b[2J", "../../etc/passwd", "x" * 100_000, "%", "\u202e"]
)
def test_any_address_opens(open_page: Opener, lab: Client, text: str) -> None:
    queued(lab.store)
    open_page("run", run=text)
    open_page("compare", runs=f"{text},{text}")
    open_page("search", search=text)


@pytest.mark.parametrize(
    ("field", "text"),
    [("Name", "a\x1bb"), ("Name", "a\x00b"), ("Tags", "one, tw\x07o"), ("Tags", "x" * 61)],
)
def test_a_field_that_cannot_be_kept_is_refused_in_a_sentence(
    open_page: Opener, lab: Client, field: str, text: str
) -> None:
    run = queued(lab.store)[0]
    app = open_page("runs")
    app.session_state["runs/table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    app.run()
    next(each for each in app.text_input if each.label == field).set_value(text)
    next(each for each in app.button if each.label == "Save").click().run()
    assert not app.exception
    assert "Expected" in texts(app)
    assert lab.runs.get(run.id) == run


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_page_stands_whatever_is_in_a_row(open_page: Opener, hostile: HostileLab) -> None:
    first = sorted(hostile.run_ids)[0]
    for change in sampled(hostile, NUM_CHANGES, seed=11):
        with hostile.changed([change]):
            unreadable_rows._rows.clear()
            for page, address in (
                ("overview", {}),
                ("runs", {}),
                ("run", {"run": first}),
                ("compare", {"runs": ",".join(sorted(hostile.run_ids)[:3])}),
                ("search", {"search": hostile.search_id}),
            ):
                open_page(page, **address)
