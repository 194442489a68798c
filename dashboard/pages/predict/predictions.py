"""What each run makes of each picture: asked once, and again when a run has a better network."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import ConvscopeError
from core.inference.predictor import Prediction, Refusal
from core.records.runs import Run
from dashboard import state
from dashboard.pages.predict.tray import Picture

TOP = 5
_MOST_KEPT = 2_000
_NETWORKS = frozenset({"best_model", "litert"})

Answer = Prediction | Refusal
Key = tuple[str, str, str]
"""Run, its network, picture."""


def able(runs: Sequence[Run]) -> tuple[list[Run], dict[str, str]]:
    """The runs that can be asked, and for each of the others the sentence why not."""
    reasons = {run.id: state.client().predictions.problem(run.id) for run in runs}
    why_not = {run_id: reason for run_id, reason in reasons.items() if reason is not None}
    return [run for run in runs if run.id not in why_not], why_not


def ask(runs: Sequence[Run], pictures: Sequence[Picture]) -> dict[tuple[str, str], Answer | str]:
    """Answers by (run id, picture's digest); a run that cannot answer has its sentence there."""
    known: dict[Key, Answer] = state.session("predict/answers", dict)
    found: dict[tuple[str, str], Answer | str] = {}
    for run in runs:
        network = _network(run)
        keys = {picture.digest: (run.id, network, picture.digest) for picture in pictures}
        missing = [picture for picture in pictures if keys[picture.digest] not in known]
        problem = _ask(run, missing, keys, known)
        for digest, key in keys.items():
            found[run.id, digest] = known.get(key, problem)
    if len(known) > _MOST_KEPT:
        known.clear()
    return found


def _ask(
    run: Run, missing: Sequence[Picture], keys: dict[str, Key], known: dict[Key, Answer]
) -> str:
    """Fill in what is missing; the sentence why it could not be, else an empty one."""
    if not missing:
        return ""
    images = [(picture.name, picture.content) for picture in missing]
    try:
        with st.spinner("The network looks…"):
            answers = state.client().predictions.predict(run.id, images, top=TOP)
    except ConvscopeError as error:
        return str(error)
    known |= {keys[p.digest]: answer for p, answer in zip(missing, answers, strict=True)}
    return ""


def _network(run: Run) -> str:
    """Changes whenever the run has another network to answer with."""
    files = state.client().artifacts.list(run.id)
    networks = sorted(file.sha256 for file in files if file.kind in _NETWORKS)
    return " ".join([*networks, str(run.state.is_active)])
