"""Charts as pure functions from a pandas frame to a ``go.Figure``; no Streamlit, no state.

Figures have no theme: ``dashboard.live_chart`` sets fonts, grids and backgrounds. Only traces that
belong to a run set their colour.
"""
