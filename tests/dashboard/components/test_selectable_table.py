"""Promise: what is done to a selected row is never done to its neighbour."""

from __future__ import annotations

from dashboard.components.selectable_table import Selection


def drawn(selection: Selection[str], marked: list[int], rows: str) -> list[int]:
    """One whole drawing of a table: where the browser is told that the selection is."""
    moved = selection.look(marked, list(rows))
    selection.shown = list(rows)
    return moved


def test_it_moves_with_its_rows_as_others_come_and_go() -> None:
    selection = Selection[str]()
    drawn(selection, [], "abc")
    assert drawn(selection, [1], "abc") == [1]
    assert drawn(selection, [1], "xyabc") == [3]
    assert drawn(selection, [3], "yabc") == [2]
    assert drawn(selection, [2], "ac") == []
    assert selection.chosen == []


def test_a_browser_that_has_not_drawn_the_new_rows_yet_means_the_old_ones() -> None:
    selection = Selection[str]()
    drawn(selection, [], "abc")
    assert drawn(selection, [1], "xabc") == [2]
    assert drawn(selection, [1], "xabc") == [2]  # sent before it was told
    assert drawn(selection, [1], "yxabc") == [3]
    assert drawn(selection, [2], "yxabc") == [3]
    assert drawn(selection, [3], "yxabc") == [3]
    assert selection.chosen == ["b"]


def test_another_choice_is_taken_as_soon_as_the_browser_has_drawn() -> None:
    selection = Selection[str]()
    drawn(selection, [], "abc")
    drawn(selection, [1], "xabc")
    drawn(selection, [2], "xabc")
    assert drawn(selection, [1], "xabc") == [1]
    assert selection.chosen == ["a"]
    drawn(selection, [1, 3], "xabc")
    assert selection.chosen == ["a", "c"]


def test_a_drawing_that_was_cut_short_leaves_the_rows_before() -> None:
    selection = Selection[str]()
    drawn(selection, [], "abc")
    selection.look([], list("xabc"))
    drawn(selection, [1], "xabc")
    assert selection.chosen == ["b"]


def test_rows_that_come_and_go_before_the_browser_has_drawn() -> None:
    selection = Selection[str]()
    drawn(selection, [], "abc")
    drawn(selection, [1], "xabc")
    assert drawn(selection, [1], "abc") == [1]
    assert drawn(selection, [2], "abc") == [1]  # told for the rows between
    assert selection.chosen == ["b"]
    assert drawn(selection, [1], "abc") == [1]
    assert drawn(selection, [2], "abc") == [2]
    assert selection.chosen == ["c"]
