"""Fill in an experiment, see its model and its cost, and launch it."""

import streamlit as st

from dashboard import state
from dashboard.form import Form, draw, experiment_start, handing_over
from dashboard.form.grid import form as grid_form
from dashboard.pages.new_experiment import launch, preview
from dashboard.shared import links

st.title("New experiment", anchor=False)

draft = experiment_start.draft()
experiment_start.show(draft)
experiment, wrong = experiment_start.read(draft)
if experiment is not None:
    wrong = state.client().experiments.check(experiment)

form_side, preview_side = st.columns([3, 2], gap="large")
with form_side, handing_over("new_experiment") as handing:
    form = Form(draft, wrong, experiment_start.choices(draft), handing=handing)
    draw(form)
    form.show_remaining_errors()
with preview_side.container(key="preview", gap="small"):
    planned = grid_form.show(draft, experiment)
    launch.show(draft, experiment, [*wrong, *planned.wrong], planned.grid)
    links.search_form("form", "Search around this experiment")
    preview.show(experiment)
