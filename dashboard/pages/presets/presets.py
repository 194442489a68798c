"""All presets: what each teaches, its scores, and its launch."""

from itertools import groupby

import streamlit as st

from dashboard import state
from dashboard.pages.presets import cards, filters, launch
from dashboard.shared import failures
from dashboard.shared.text import counted

st.title("Presets", anchor=False)
st.caption(
    "Complete experiments that each teach one thing. Open one in the form to change it, or launch "
    "it with its base to see the effect of its changes."
)

presets = state.presets()
by_name = {preset.name: preset for preset in presets}
summaries = state.preset_summaries()
with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
    preset_filter = filters.show(presets)
    options = launch.show_options()

linked = None
with failures.shown():
    linked = filters.preset_in_address(presets)
if linked is not None:
    cards.show(linked, by_name, summaries, options, opened=True)

shown = [each for each in filters.in_order(presets) if preset_filter.matches(each)]
if not shown:
    st.info("No preset matches. Clear the search and the sections to show all presets.")
for group, members in groupby(shown, key=lambda preset: preset.about.group):
    found = list(members)
    st.subheader(filters.heading(group), anchor=False)
    with st.grid("auto", min_column_width=340, gap="small"):
        for preset in found:
            cards.show(preset, by_name, summaries, options)
st.caption(f"{counted(len(shown), 'preset')} of {len(presets)}")
