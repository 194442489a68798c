"""Streamlit's own CSV export of tables is off.

Upstream: the download button of ``st.dataframe`` writes cells as they are (Streamlit 1.67). A name
such as ``=HYPERLINK(...)`` is a formula in a spreadsheet.

Here: the option ``client.disableDataExport`` is set, and `dashboard.shared.table_file` offers a
file that a spreadsheet does not run.

It can go when Streamlit's export quotes text that begins a formula.
"""

from __future__ import annotations

import streamlit as st


def switch_off() -> None:
    """Take the button off every table. Called for every run of a page.

    Once is not enough: Streamlit reads all its options again when a config.toml changes.
    """
    st.set_option("client.disableDataExport", True)
