"""The best trials trained again on the full schedule, and how much of their score was luck."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.client.search.promotions import Promotion
from core.records.runs import Run, RunState
from dashboard import state
from dashboard.charts.search.points import in_words
from dashboard.form.scalars import numbers
from dashboard.pages.search import trial_state
from dashboard.pages.search.snapshot import Snapshot
from dashboard.shared import failures, links, plain_table, test_score
from dashboard.shared.plain_table import Cell
from dashboard.shared.text import NOTHING, counted, percent

_MOST_COMPARED = 50


def show(seen: Snapshot) -> None:
    """A form that promotes, and the table of what came of it."""
    st.markdown(
        "A search picks the trial that happened to score best, so its score is **too good**: "
        "selection optimism. Trained again from other seeds, on the full schedule of the base, "
        "the same settings show what they are worth."
    )
    _form(seen)
    found = state.client().trials.promotions(seen.id)
    if found:
        _table(seen, found)
        _test(seen, found)


def _form(seen: Snapshot) -> None:
    completed = sum(point.is_over for point in seen.points)
    if not completed:
        st.info("No trial is completed yet: there is nothing to promote.")
        return
    with (
        st.form(f"search/promote/{seen.id}", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        top = st.number_input(
            "The best", min_value=1, value=1, step=1, width=130, key=f"search/top/{seen.id}"
        )
        unseen = [seed for seed in range(1, 60) if seed not in seen.search.seeds][:3]
        text = st.text_input(
            "with the seeds",
            ", ".join(map(str, unseen)),
            width=200,
            help="Seeds that the search did not use. Three show the spread.",
        )
        if st.form_submit_button("Promote", type="primary", icon=":material/workspace_premium:"):
            with failures.shown():
                runs = state.client().trials.promote(seen.id, top=int(top), seeds=numbers(text))
                st.toast(_told(runs), icon=":material/rocket_launch:")


def _told(queued: Sequence[Run]) -> str:
    if not queued:
        return "All of them were promoted before with these seeds: nothing new is queued."
    trials = counted(len({run.trial_number for run in queued}), "trial")
    return f"{counted(len(queued), 'run')} of {trials} queued."


def _table(seen: Snapshot, found: Sequence[Promotion]) -> None:
    heads = ["Trial", "In the search", "Trained again", "Optimism", "Test"]
    plain_table.show(
        [heads[0], *(Cell(head, number=True) for head in heads[1:])],
        [_row(seen, each) for each in found],
        label="Promoted trials",
        caption=f"{seen.score_words}. Trained again: mean ± standard deviation over the seeds. "
        "Optimism: how much better the search made it look." + _schedules(seen, found),
    )
    run_ids = [run_id for each in found for run_id in each.run_ids][:_MOST_COMPARED]
    with st.container(horizontal=True, gap="small"):
        links.compare(run_ids, "Compare the promoted runs")
        able = [run.id for run in state.client().runs.list(ids=run_ids) if run.best is not None]
        if able:
            links.predict(able, "Predict with them")


def _schedules(seen: Snapshot, found: Sequence[Promotion]) -> str:
    """Another schedule than in the search is a difference too, and no matter of luck."""
    in_search = {trial.number: trial.epochs for trial in seen.trials}
    of_trial = {run_id: in_search[each.number] for each in found for run_id in each.run_ids}
    different = [
        (of_trial[run.id], run.epochs)
        for run in state.client().runs.list(ids=list(of_trial))
        if run.epochs != of_trial[run.id]
    ]
    told = ""
    if different:
        before, after = (_or(sorted(set(each))) for each in zip(*different, strict=True))
        told = f" What {after} epochs instead of the {before} in the search do to a score is part"
        told += " of it."
    if seen.search.early_stopping is not None:
        told += " So is that the search ended trials early that got no better."
    return told


def _or(counts: Sequence[int]) -> str:
    return " or ".join(f"{each:,}" for each in counts)


def _row(seen: Snapshot, each: Promotion) -> list[str | Cell]:
    optimism = _optimism(seen, each)
    return [
        Cell(f"Trial {each.number}", small=in_words(each.values)),
        Cell(trial_state.score(each.search_score, is_accuracy=seen.is_accuracy), number=True),
        Cell(
            again(each, is_accuracy=seen.is_accuracy), small=_done(each), number=True, strong=True
        ),
        Cell(_points(optimism, is_accuracy=seen.is_accuracy), number=True),
        Cell(trial_state.score(each.test, is_accuracy=seen.is_accuracy), number=True),
    ]


def again(each: Promotion, *, is_accuracy: bool) -> str:
    """``79.1 ± 0.6 %`` over the finished seeds; without a spread where there is one only."""
    if each.mean is None:
        return NOTHING
    if each.std is None:
        return trial_state.score(each.mean, is_accuracy=is_accuracy)
    if is_accuracy:
        return f"{percent(each.mean)} ± {100 * each.std:.1f}"
    return f"{each.mean:.4g} ± {each.std:.2g}"


def _done(each: Promotion) -> str:
    if len(each.scores) == len(each.run_ids):
        return f"n = {len(each.scores)}"
    return f"n = {len(each.scores)} of {len(each.run_ids)} done"


def _optimism(seen: Snapshot, each: Promotion) -> float | None:
    if each.mean is None or each.search_score is None:
        return None
    difference = each.search_score - each.mean
    return difference if seen.direction == "max" else -difference


def _points(value: float | None, *, is_accuracy: bool) -> str:
    if value is None:
        return NOTHING
    return f"{100 * value:+.1f} points" if is_accuracy else f"{value:+.3g}"


def _test(seen: Snapshot, found: Sequence[Promotion]) -> None:
    if is_pending(seen.id):
        st.info("Scoring the best networks on the test images…", icon=":material/hourglass_top:")
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
        "The test images are for the end: looking is a deliberate act, and is recorded in the "
        "events of each run."
    )
    st.button(
        f"Look at the test score of {counted(len(done), 'run')}",
        icon=":material/visibility:",
        key=f"search/test/{seen.id}",
        on_click=_ask,
        args=(seen.id, done),
    )


def is_pending(search_id: str) -> bool:
    """Whether test scores were asked for here and are on their way."""
    lab = state.client()
    asked: list[str] = st.session_state.get(f"search/tested/{search_id}", [])
    runs = [run for run in state.runs(include_archived=True) if run.id in asked]
    return any(test_score.is_pending(run, lab.runs.events(run.id)) for run in runs)


def _ask(search_id: str, run_ids: Sequence[str]) -> None:
    st.session_state[f"search/tested/{search_id}"] = list(run_ids)
    for run_id in run_ids:
        failures.attempt(state.client().metrics.evaluate_on_test, run_id)
