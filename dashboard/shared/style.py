"""CSS rules for what the theme in ``.streamlit/config.toml`` cannot set."""

from __future__ import annotations

import streamlit as st

from dashboard.streamlit_workarounds import number_clear_button

# Colours come from the theme only, so that light and dark mode both work. Sizes are in rem.
_CSS = """
[data-testid="stMainBlockContainer"] {padding: 4.2rem 2rem 3rem; max-width: 100rem;}
h1 {font-size: 1.7rem !important; padding-bottom: 0.2rem !important;}
h2 {font-size: 1.25rem !important; padding-top: 0.6rem !important;}
[data-testid="stMetricValue"] {font-size: 1.35rem;}
h3 {font-size: 1.05rem !important;}
@media (max-width: 40rem) {
  [data-testid="stMainBlockContainer"] {padding: 4rem 0.9rem 3rem;}
}
/* The preview stays visible beside the form; on a narrow page it is below the form. */
@media (min-width: 64rem) {
  [data-testid="stColumn"]:has(> [data-testid="stVerticalBlock"] .st-key-preview) > div {
    position: sticky; top: 4rem; max-height: calc(100vh - 5rem); overflow-y: auto;
    padding-right: 0.4rem;
  }
}
"""


def apply() -> None:
    """Add the rules to the page. ``dashboard.navigation`` calls this once per rerun."""
    st.html(f"<style>{_CSS}{number_clear_button.CSS}</style>")
