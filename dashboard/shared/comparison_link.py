"""To the comparison of exactly some runs, right after their launch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import streamlit as st

from core.records.runs import Run
from dashboard.shared import links

SEEDS = "Seeds together"
"""The grouping of a comparison in which the runs of several seeds are one curve with a band."""


def show(runs: Sequence[Run]) -> NoReturn:
    """Leave this page for it; several seeds come as a mean with a band."""
    address = {"runs": links.joined(run.id for run in runs)}
    if len({run.seed for run in runs}) > 1:
        address["group"] = SEEDS
    st.switch_page(links.COMPARE, query_params=address)
