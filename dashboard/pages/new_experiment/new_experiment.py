"""Fill in an experiment, see its model and its cost, and launch it."""

import streamlit as st

from dashboard import state
from dashboard.form import Form, draw, experiment_start
from dashboard.form.grid import form as grid_form
from dashboard.pages.new_experiment import launch, preview
from dashboard.shared import links
from dashboard.streamlit_workarounds import field_values

st.title("New experiment", anchor=False)

draft = experiment_start.draft()
experiment_start.show(draft)
experiment, wrong = experiment_start.read(draft)
if experiment is not None:
    wrong = state.client().experiments.check(experiment)

form_side, preview_side = st.columns([3, 2], gap="large")
with form_side, field_values.sending("new_experiment") as values:
    form = Form(draft, wrong, experiment_start.choices(draft), values=values)
    draw(form)
    form.show_remaining_errors()
with preview_side.container(key="preview", gap="small"):
    planned = grid_form.show(draft, experiment)
    launch.show(draft, experiment, [*wrong, *planned.wrong], planned.grid)
    links.search_form("form", "Search around this experiment")
    preview.show(experiment)
