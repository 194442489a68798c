"""Promotion: the best trials retrained with other seeds, and how optimistic their scores were."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.client.search.promotions import Promotion
from core.records.runs import Run, RunState
from dashboard import state
from dashboard.charts.search.points import in_words
from dashboard.form.scalars import numbers
from dashboard.pages.search.snapshot import Snapshot, score_text
from dashboard.shared import failures, links, plain_table, test_score
from dashboard.shared.plain_table import Cell
from dashboard.shared.text import NOTHING, counted, percent


def show(snapshot: Snapshot) -> None:
    """Show the form that promotes trials, and the table of promoted ones."""
    st.markdown(
        "The best score of a search is **too high**, because it is the best of many: selection "
        "optimism. Retraining the same settings with other seeds and the full schedule of the base "
        "gives a fair estimate."
    )
    _form(snapshot)
    found = state.client().trials.promotions(snapshot.id)
    if found:
        _table(snapshot, found)
        _test(snapshot, found)


def _form(snapshot: Snapshot) -> None:
    completed = sum(point.is_over for point in snapshot.points)
    if not completed:
        st.info("No completed trial yet. Only completed trials can be promoted.")
        return
    with (
        st.form(f"search/promote/{snapshot.id}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        top = st.number_input(
            "Retrain top", min_value=1, value=1, step=1, width=130, key=f"search/top/{snapshot.id}"
        )
        unseen = [seed for seed in range(1, 60) if seed not in snapshot.search.seeds][:3]
        text = st.text_input(
            "with seeds",
            ", ".join(map(str, unseen)),
            width=200,
            help="Seeds that the search did not use. Three seeds show the spread.",
        )
        if st.form_submit_button("Promote", type="primary", icon=":material/workspace_premium:"):
            with failures.shown():
                runs = state.client().trials.promote(snapshot.id, top=int(top), seeds=numbers(text))
                st.toast(_queued_text(runs), icon=":material/rocket_launch:")


def _queued_text(queued: Sequence[Run]) -> str:
    if not queued:
        return "These trials were already promoted with these seeds. Nothing was queued."
    trials = counted(len({run.trial_number for run in queued}), "trial")
    return f"{counted(len(queued), 'run')} of {trials} queued."


def _table(snapshot: Snapshot, found: Sequence[Promotion]) -> None:
    heads = ["Trial", "Search score", "Retrained", "Optimism", "Test"]
    plain_table.show(
        [heads[0], *(Cell(head, number=True) for head in heads[1:])],
        [_row(snapshot, each) for each in found],
        label="Promoted trials",
        caption=f"{snapshot.score_words}. Retrained: mean ± standard deviation over seeds. "
        "Optimism: how much better the search score is." + _other_effects(snapshot, found),
    )
    run_ids = [run_id for each in found for run_id in each.run_ids][: links.MOST_COMPARED]
    with st.container(horizontal=True, gap="small"):
        links.compare(run_ids, "Compare promoted runs")
        with_model = [
            run.id for run in state.client().runs.list(ids=run_ids) if run.best is not None
        ]
        if with_model:
            links.predict(with_model)


def _other_effects(snapshot: Snapshot, found: Sequence[Promotion]) -> str:
    """What else explains the difference: another number of epochs, early stopping."""
    in_search = {trial.number: trial.epochs for trial in snapshot.trials}
    of_trial = {run_id: in_search[each.number] for each in found for run_id in each.run_ids}
    different = [
        (of_trial[run.id], run.epochs)
        for run in state.client().runs.list(ids=list(of_trial))
        if run.epochs != of_trial[run.id]
    ]
    text = ""
    if different:
        before, after = (_or(sorted(set(each))) for each in zip(*different, strict=True))
        text = f" It includes the effect of {after} instead of {before} epochs."
    if snapshot.search.early_stopping is not None:
        text += " It includes the effect of early stopping in the search."
    return text


def _or(counts: Sequence[int]) -> str:
    return " or ".join(f"{each:,}" for each in counts)


def _row(snapshot: Snapshot, each: Promotion) -> list[str | Cell]:
    optimism = _optimism(snapshot, each)
    return [
        Cell(f"Trial {each.number}", small=in_words(each.values)),
        Cell(score_text(each.search_score, is_accuracy=snapshot.is_accuracy), number=True),
        Cell(
            retrained_text(each, is_accuracy=snapshot.is_accuracy),
            small=_done(each),
            number=True,
            strong=True,
        ),
        Cell(_points(optimism, is_accuracy=snapshot.is_accuracy), number=True),
        Cell(score_text(each.test, is_accuracy=snapshot.is_accuracy), number=True),
    ]


def retrained_text(each: Promotion, *, is_accuracy: bool) -> str:
    """``79.1 % ± 0.6`` over the finished seeds; without the spread for a single seed."""
    if each.mean is None:
        return NOTHING
    if each.std is None:
        return score_text(each.mean, is_accuracy=is_accuracy)
    if is_accuracy:
        return f"{percent(each.mean)} ± {100 * each.std:.1f}"
    return f"{each.mean:.4g} ± {each.std:.2g}"


def _done(each: Promotion) -> str:
    if len(each.scores) == len(each.run_ids):
        return f"n = {len(each.scores)}"
    return f"n = {len(each.scores)} of {len(each.run_ids)} done"


def _optimism(snapshot: Snapshot, each: Promotion) -> float | None:
    if each.mean is None or each.search_score is None:
        return None
    difference = each.search_score - each.mean
    return difference if snapshot.direction == "max" else -difference


def _points(value: float | None, *, is_accuracy: bool) -> str:
    if value is None:
        return NOTHING
    return f"{100 * value:+.1f} points" if is_accuracy else f"{value:+.3g}"


def _test(snapshot: Snapshot, found: Sequence[Promotion]) -> None:
    if is_pending(snapshot.id):
        st.info("Evaluating the best models on the test set…", icon=":material/hourglass_top:")
        return
    run_ids = [run_id for each in found if each.test is None for run_id in each.run_ids]
    done = [
        run.id
        for run in (state.client().runs.list(ids=run_ids) if run_ids else [])
        if run.state is RunState.FINISHED and run.best is not None
    ]
    if not done:
        return
    st.caption(
        "Keep the test set for the end. Each evaluation is recorded in the events of the run."
    )
    st.button(
        f"Evaluate {counted(len(done), 'run')} on test set",
        icon=":material/visibility:",
        key=f"search/test/{snapshot.id}",
        on_click=_evaluate_on_test,
        args=(snapshot.id, done),
    )


def is_pending(search_id: str) -> bool:
    """Whether this session requested test scores that are not finished."""
    client = state.client()
    requested: list[str] = st.session_state.get(f"search/tested/{search_id}", [])
    runs = [run for run in state.runs(include_archived=True) if run.id in requested]
    return any(test_score.is_pending(run, client.runs.events(run.id)) for run in runs)


def _evaluate_on_test(search_id: str, run_ids: Sequence[str]) -> None:
    st.session_state[f"search/tested/{search_id}"] = list(run_ids)
    for run_id in run_ids:
        failures.attempt(state.client().metrics.evaluate_on_test, run_id)
