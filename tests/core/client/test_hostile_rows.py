"""Hostile values in every column of every table: client and supervisor still work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.errors import ConvscopeError
from tests.core.client.hostile_rows import TABLES, VALUES, Change, HostileLab, close_lab, make_lab

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostileLab]:
    lab = make_lab(tmp_path_factory.mktemp("hostile"))
    yield lab
    close_lab(lab)


def test_without_a_hostile_value_everything_can_be_read(hostile: HostileLab) -> None:
    hostile.read_everything()
    assert hostile.client.unreadable.list(everything=True) == []
    assert len(hostile.run_ids) >= 5


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("value", VALUES)
def test_a_hostile_value_stops_no_other_row_no_supervisor_and_can_be_deleted(
    hostile: HostileLab, table: str, value: str
) -> None:
    changes = [Change(table, column, value) for column in hostile.columns(table)]
    with hostile.changed(changes) as ids:
        _live_on(hostile, ids)


def _live_on(lab: HostileLab, ids: set[str]) -> None:
    others = lab.run_ids - ids
    lab.read_everything()
    for run_id in sorted(others)[:2]:
        lab.read_run(run_id)
    for run_id in ids:
        try:
            lab.read_run(run_id)
        except ConvscopeError as error:
            assert len(str(error)) < 5000
    lab.look_once()
    there = {run.id for run in lab.client.runs.list(include_archived=True)}
    assert others <= there
    found = lab.client.unreadable.list(everything=True)
    assert lab.client.unreadable.delete() == len(found)
    assert lab.client.unreadable.list(everything=True) == []
    assert others <= {run.id for run in lab.client.runs.list(include_archived=True)}
