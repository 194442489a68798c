"""Pure charts: a pandas frame in, a ``go.Figure`` out; no Streamlit, no state.

Figures carry no theme: fonts, grids and backgrounds come from the page that shows them (see
``dashboard.live_chart``). Only what belongs to a run has a colour of its own.
"""
