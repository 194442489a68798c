"""Promise: what is done to a selected row is not done to its neighbour, and no choice is lost."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from playwright.sync_api import expect

from dashboard.streamlit_workarounds.table_selection import REPORT_DELAY_S, Selection
from tests.dashboard.streamlit_workarounds.conftest import Opener

SOON, LATER = REPORT_DELAY_S / 4, REPORT_DELAY_S * 2


@dataclass
class Table:
    """A table as it is drawn again and again, and a clock."""

    selection: Selection[str] = field(default_factory=Selection)
    now: float = 100.0

    def draw(self, marked: list[int], rows: str, after: float = SOON) -> list[int]:
        """One whole rerun; returns the row numbers that the browser gets."""
        moved = self.look(marked, rows, after)
        self.selection.rows = list(rows)
        return moved

    def look(self, marked: list[int], rows: str, after: float = SOON) -> list[int]:
        self.now += after
        return self.selection.follow(marked, list(rows), self.now)

    @property
    def chosen(self) -> str:
        return "".join(self.selection.chosen)


def test_it_moves_with_its_rows_as_others_come_and_go() -> None:
    table = Table()
    table.draw([], "abc")
    assert table.draw([1], "abc") == [1]
    assert table.draw([1], "xyabc") == [3]
    assert table.draw([3], "yabc") == [2]
    assert table.draw([2], "ac") == []
    assert table.chosen == ""


def test_a_browser_that_has_not_drawn_the_new_rows_yet_means_the_old_ones() -> None:
    table = Table()
    table.draw([], "abc")
    assert table.draw([1], "xabc") == [2]
    assert table.draw([2], "xabc") == [2]  # a rerun between, with the row numbers it got
    assert table.draw([1], "xabc") == [2]  # sent before the browser got the new ones
    assert table.draw([1], "yxabc") == [3]
    assert table.draw([2], "yxabc") == [3]
    assert table.draw([3], "yxabc") == [3]
    assert table.chosen == "b"


def test_the_line_of_a_row_that_left_can_be_chosen_again() -> None:
    table = Table()
    table.draw([], "abcd")
    table.draw([2], "abcd")
    assert table.draw([2], "abd") == []
    assert table.draw([2], "abd") == []  # sent before the browser got the new ones
    assert table.draw([2], "abd", LATER) == [2]
    assert table.chosen == "d"


def test_after_it_was_dropped_a_late_mark_chooses_no_neighbour() -> None:
    table = Table()
    table.draw([], "abcd")
    table.draw([2], "abcd")
    table.selection.clear([2], table.now)
    assert table.draw([], "abd") == []
    assert table.draw([2], "abd") == []
    assert table.draw([2], "abd", LATER) == [2]


def test_another_choice_is_taken_at_once() -> None:
    table = Table()
    table.draw([], "abc")
    table.draw([1], "xabc")
    assert table.draw([2, 3], "xabc") == [2, 3]
    assert table.chosen == "bc"
    table.draw([], "xabc")
    assert table.draw([1], "xabc") == [1]
    assert table.chosen == "a"


def test_a_drawing_that_was_cut_short_leaves_the_rows_before() -> None:
    table = Table()
    table.draw([], "abc")
    table.look([], "xabc")
    table.draw([1], "xabc")
    assert table.chosen == "b"


def test_rows_that_come_and_go_before_the_browser_has_drawn() -> None:
    table = Table()
    table.draw([], "abc")
    table.draw([1], "xabc")
    assert table.draw([1], "abc") == [1]
    assert table.draw([2], "abc") == [1]  # the row numbers for the rows between
    assert table.chosen == "b"
    assert table.draw([1], "abc") == [1]
    assert table.draw([2], "abc", LATER) == [2]
    assert table.chosen == "c"


def test_the_selection_is_sent_to_the_browser_at_every_second_rerun() -> None:
    table = Table()
    table.draw([], "abc")
    assert not table.selection.must_send([])
    said = []
    for _ in range(4):
        table.draw([1], "abc")
        said.append(table.selection.must_send([1]))
    assert said == [True, False, True, False]
    table.draw([0, 1], "abc")
    assert table.selection.must_send([0, 1])


@pytest.mark.browser
def test_streamlit_keeps_row_numbers_when_the_rows_move(open_plain: Opener) -> None:
    """Fails when a selection stays with its rows: `table_selection` can go then."""
    page = open_plain("table")
    page.get_by_test_id("stDataFrame").click(position={"x": 16, "y": 17 + 35 * 2})
    expect(page.get_by_text("selected b")).to_be_visible()
    page.get_by_text("Another row").click()
    expect(page.get_by_text("selected a")).to_be_visible()
