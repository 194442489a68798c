"""Page config and navigation, nothing else. A new page is one line in ``PAGES``."""

from __future__ import annotations

import streamlit as st

from dashboard.components import failures, look

PAGES = [
    st.Page("app_pages/overview.py", title="Overview", icon=":material/home:", default=True),
    st.Page("app_pages/new_experiment.py", title="New experiment", icon=":material/add_circle:"),
    st.Page("app_pages/runs.py", title="Runs", icon=":material/table_rows:"),
]

st.set_page_config(
    page_title="Convscope", page_icon=":material/filter_center_focus:", layout="wide"
)
page = st.navigation(PAGES, position="top")
look.apply()
with failures.shown():
    page.run()
