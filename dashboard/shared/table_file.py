"""Tables as CSV files whose cells a spreadsheet never runs as formulas.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@``, also after a tab or a line
break, and users type names, notes and tags. Such text gets a leading single quote, with which
spreadsheets mark text; numbers stay numbers.
Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
import streamlit as st
from pandas.api import types

_BEGINS_FORMULA = re.compile(r"[ \u00a0\ufeff]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")


def csv_of(frame: pd.DataFrame) -> str:
    """The frame as CSV: a line of column names, then one line per row. Text is in quotes."""
    inert = frame.rename(columns=_inert)
    for place, (_, column) in enumerate(frame.items()):
        if not (types.is_numeric_dtype(column.dtype) or types.is_datetime64_any_dtype(column)):
            inert.isetitem(place, column.map(_inert).to_numpy(dtype=object))
    # Without quotes a carriage return would end the line and start a new cell.
    content: str = inert.to_csv(index=False, quoting=csv.QUOTE_NONNUMERIC)
    return content


def download(frame: pd.DataFrame, columns: Mapping[str, Any], *, key: str) -> None:
    """A button that downloads a table as shown; ``columns`` holds the titles of its columns.

    It replaces Streamlit's own button, which is switched off: that one writes unsafe cells.
    """
    names = {name: str(column.get("label") or name) for name, column in columns.items()}
    st.download_button(
        "Table as CSV",
        data=lambda: csv_of(frame.rename(columns=names)),
        file_name="convscope-table.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        key=key,
        on_click="ignore",
    )


def _inert(cell: object) -> object:
    """Text that no spreadsheet runs; other values unchanged. A list is joined by commas."""
    if isinstance(cell, str):
        text = cell
    elif isinstance(cell, Iterable):
        text = ", ".join(str(each) for each in cell)
    else:
        return cell
    return f"'{text}" if _BEGINS_FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
