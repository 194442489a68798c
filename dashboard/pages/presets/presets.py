"""Every experiment that ships with the lab: what it teaches, what it scored, and its launch."""

from itertools import groupby

import streamlit as st

from dashboard import state
from dashboard.pages.presets import cards, filters, launch
from dashboard.shared import failures
from dashboard.shared.text import counted

st.title("Presets", anchor=False)
st.caption(
    "Whole experiments, each with something to learn from it. Open one in the form to change it, "
    "or launch it with its base and see what the change did."
)

presets = state.presets()
by_name = {preset.name: preset for preset in presets}
summaries = state.preset_summaries()
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    wanted = filters.show(presets)
    way = launch.how()

asked = None
with failures.shown():
    asked = filters.asked(presets)
if asked is not None:
    cards.show(asked, by_name, summaries, way, opened=True)

shown = [each for each in filters.in_order(presets) if wanted.lets_through(each)]
if not shown:
    st.info("No preset says that. Clear the search or the sections to see them all.")
for group, members in groupby(shown, key=lambda preset: preset.about.group):
    found = list(members)
    st.subheader(filters.heading(group), anchor=False)
    with st.grid("auto", min_column_width=340, gap="small"):
        for preset in found:
            cards.show(preset, by_name, summaries, way)
st.caption(f"{counted(len(shown), 'preset')} of {len(presets)}")
