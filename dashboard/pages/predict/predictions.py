"""Predictions of each run for each image, computed once, and again for a better model."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.errors import ConvscopeError
from core.inference.predictor import Prediction, Refusal
from core.records.runs import Run
from dashboard import state
from dashboard.pages.predict.input_images import InputImage

TOP = 5
_MOST_KEPT = 2_000
_MODEL_FILES = frozenset({"best_model", "litert"})

Result = Prediction | Refusal
Key = tuple[str, str, str]
"""Run id, fingerprint of its model, digest of the image."""


def able_runs(runs: Sequence[Run]) -> tuple[list[Run], dict[str, str]]:
    """The runs that can predict, and by id for each other run the reason why it cannot."""
    problems = {run.id: state.client().predictions.problem(run.id) for run in runs}
    reasons = {run_id: problem for run_id, problem in problems.items() if problem is not None}
    return [run for run in runs if run.id not in reasons], reasons


def predict(
    runs: Sequence[Run], images: Sequence[InputImage]
) -> dict[tuple[str, str], Result | str]:
    """Results by run id and image digest; a message instead where a run fails."""
    known: dict[Key, Result] = state.session("predict/answers", dict)
    found: dict[tuple[str, str], Result | str] = {}
    for run in runs:
        model = _model_fingerprint(run)
        keys = {image.digest: (run.id, model, image.digest) for image in images}
        missing = [image for image in images if keys[image.digest] not in known]
        problem = _predict_missing(run, missing, keys, known)
        for digest, key in keys.items():
            found[run.id, digest] = known.get(key, problem)
    if len(known) > _MOST_KEPT:
        known.clear()
    return found


def _predict_missing(
    run: Run, missing: Sequence[InputImage], keys: dict[str, Key], known: dict[Key, Result]
) -> str:
    """Add the missing results to ``known``; the error as text, empty without one."""
    if not missing:
        return ""
    files = [(image.name, image.content) for image in missing]
    try:
        with st.spinner("Predicting…"):
            results = state.client().predictions.predict(run.id, files, top=TOP)
    except ConvscopeError as error:
        return str(error)
    known |= {keys[i.digest]: result for i, result in zip(missing, results, strict=True)}
    return ""


def _model_fingerprint(run: Run) -> str:
    """A text that changes when the run gets another model to predict with."""
    files = state.client().artifacts.list(run.id)
    digests = sorted(file.sha256 for file in files if file.kind in _MODEL_FILES)
    return " ".join([*digests, str(run.state.is_active)])
