"""What the parameters did: importance with its sign, and slices through any two of them."""

from __future__ import annotations

import streamlit as st

from dashboard import live_chart, state
from dashboard.charts.search.importance import Share, importance
from dashboard.charts.search.points import Scale
from dashboard.charts.search.slice_plot import contour, slice_of
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared.text import counted

ENOUGH = 10
"""Completed trials: with fewer, importance says more about luck than about parameters."""
HEIGHT = 360


def show(seen: Snapshot) -> None:
    """Importance, then a slice and a contour."""
    _importance(seen)
    st.subheader("Any two parameters", anchor=False)
    x, y = _chosen(seen)
    left, right = st.columns(2)
    with left:
        live_chart.show(
            slice_of(seen.points, x, score=seen.score_words),
            key=f"search/{seen.id}/slice",
            height=HEIGHT,
            description=f"Score of each completed trial over {x.name}; later trials in blue.",
        )
    with right:
        live_chart.show(
            contour(seen.points, x, y, direction=seen.direction),
            key=f"search/{seen.id}/contour",
            height=HEIGHT,
            description=f"Completed trials over {x.name} and {y.name}, coloured by score.",
        )
    st.caption(
        "Dots are trials. The area between them is a guess: the mean of the scores nearby, the "
        "nearer the heavier. Only completed trials are shown."
    )


def _importance(seen: Snapshot) -> None:
    completed = sum(point.is_over for point in seen.points)
    if completed < ENOUGH:
        st.info(
            f"Importance is shown from {ENOUGH} completed trials on; there "
            f"{'is' if completed == 1 else 'are'} {counted(completed, 'completed trial')}. With "
            "so few, it would say more about luck than about the parameters.",
            icon=":material/hourglass_empty:",
        )
        return
    shares = _shares(seen, completed)
    live_chart.show(
        importance(shares, enough=ENOUGH),
        key=f"search/{seen.id}/importance",
        height=90 + 42 * max(2, len(shares)),
        description="Importance of the parameters: "
        + ", ".join(f"{each.name} {each.share:.0%}" for each in shares),
    )
    st.caption(
        f"PED-ANOVA over {counted(completed, 'completed trial')}: how much each parameter alone "
        "separates good trials from the others. ↑ higher values did better, ↓ lower ones, by rank "
        "correlation. It describes what was tried, and is no proof of a cause."
    )


def _shares(seen: Snapshot, completed: int) -> list[Share]:
    # It takes longer than all the rest of the page, and changes only with a completed trial.
    key = f"search/importance/{seen.id}"
    kept: tuple[int, list[Share]] = st.session_state.get(key, (0, []))
    if kept[0] != completed:
        found = state.client().trials.importance(seen.id)
        # Correlated with the score: of a loss, the lower is the better one.
        sign = 1 if seen.direction == "max" else -1
        shares = [
            Share(
                each.name,
                each.share,
                None if each.correlation is None else sign * each.correlation,
            )
            for each in found
        ]
        kept = st.session_state[key] = (completed, shares)
    return kept[1]


def _chosen(seen: Snapshot) -> tuple[Scale, Scale]:
    scales = {scale.name: scale for scale in seen.scales}
    names = list(scales)
    with st.container(horizontal=True, gap="small"):
        x = st.selectbox("Across", names, key="x", bind="query-params", width=240)
        second = names[1] if len(names) > 1 else names[0]
        y = st.selectbox(
            "Up", names, index=names.index(second), key="y", bind="query-params", width=240
        )
    return scales[x or names[0]], scales[y or second]
