"""The start button of a new search, the problems to fix, and the estimated time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

import streamlit as st

from core.errors import ConvscopeError, FieldError, InvalidExperiment
from core.spec.search import Search, parse_search
from dashboard import state
from dashboard.pages.search.form import start
from dashboard.pages.search.form.start import NewSearch
from dashboard.shared import failures
from dashboard.shared.field_names import spoken_path
from dashboard.shared.text import counted, duration, inert

_MAX_PROBLEMS = 6


def read(new: NewSearch) -> tuple[Search | None, list[FieldError]]:
    """The search and its problems, including those that the client finds. None if invalid."""
    if not new.draft.raw["parameters"]:
        return None, [FieldError("parameters", "Add at least one hyperparameter.")]
    try:
        search = parse_search(new.draft.raw)
    except InvalidExperiment as error:
        return None, error.errors
    # A check plans dozens of models, so it is repeated only after a change.
    digest = json.dumps([new.draft.raw, new.base_run_id, state.client().revision()], sort_keys=True)
    checked: tuple[str, list[FieldError]] = st.session_state.get("search/checked", ("", []))
    if checked[0] != digest:
        wrong = state.client().search_drafts.check(search, base_run_id=new.base_run_id)
        checked = st.session_state["search/checked"] = (digest, wrong)
    return search, checked[1]


def show(new: NewSearch, search: Search | None, wrong: Sequence[FieldError]) -> None:
    """Show the button, then the problems or the estimate."""
    pressed = st.button(
        "Start the search",
        type="primary",
        icon=":material/rocket_launch:",
        width="stretch",
        disabled=bool(wrong) or search is None,
        key="search/start",
    )
    if wrong:
        _problems(wrong, new)
    elif search is not None:
        if pressed:
            with failures.shown():
                _submit(new, search)
        _estimate(search)


def _submit(new: NewSearch, search: Search) -> None:
    record = state.client().searches.submit(search, preset=new.preset, base_run_id=new.base_run_id)
    start.forget()
    st.query_params.from_dict({"search": record.id})
    st.rerun()


def _problems(wrong: Sequence[FieldError], new: NewSearch) -> None:
    shown = [
        f"- **{inert(_spoken(error.field, new))}**: {inert(error.message)}"
        if error.field
        else f"- {inert(error.message)}"
        for error in wrong[:_MAX_PROBLEMS]
    ]
    if len(wrong) > _MAX_PROBLEMS:
        shown.append(f"- and {len(wrong) - _MAX_PROBLEMS} more")
    st.warning(
        f"{counted(len(wrong), 'problem')} to fix:\n" + "\n".join(shown),
        icon=":material/error:",
    )


def _spoken(path: str, new: NewSearch) -> str:
    """``dropout, minimum`` for ``parameters.0.range.minimum``."""
    kind, _, rest = path.partition(".")
    if kind == "base":
        return f"Base experiment, {spoken_path(rest)}" if rest else "Base experiment"
    if kind != "parameters" or not rest:
        return path.replace(".", ", ").replace("_", " ").capitalize()
    index, _, field = rest.partition(".")
    name = new.draft.raw["parameters"][int(index)]["name"]
    words = field.removeprefix("range.").replace(".", ", ").replace("_", " ")
    return f"{name}, {words}" if words else str(name)


def _estimate(search: Search) -> None:
    try:
        found = state.client().search_drafts.estimate(search)
    except ConvscopeError as error:
        st.caption(f"No estimate: {inert(str(error))}")
        return
    rough = "About" if found.based_on else "Very roughly"
    many = "Unlimited" if found.combinations is None else f"{found.combinations:,}"
    with st.container(border=True, gap="xsmall"):
        st.markdown(
            f"**{many} combinations**, at most {counted(found.trials, 'trial')} "
            f"with {counted(len(search.seeds), 'run')} each"
        )
        end = datetime.now().astimezone() + timedelta(seconds=found.seconds)
        day = "" if end.date() == datetime.now().astimezone().date() else f" on {end:%d %b}"
        st.markdown(
            f":material/schedule: {rough} **{duration(found.seconds)}**, until {end:%H:%M}{day}"
        )
        st.caption(
            f"Between {duration(found.seconds_low)} and {duration(found.seconds_high)}. "
            "Pruning and early stopping shorten it."
        )
