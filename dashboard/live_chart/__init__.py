"""A Plotly figure that is updated in place, so that zoom and hidden traces are kept.

Upstream: ``st.plotly_chart`` makes a new chart whenever its data changes, also with a key and with
``uirevision``, and forgets what the reader did to the old one (Streamlit 1.67,
https://github.com/streamlit/streamlit/pull/16052 is about to change it).

Here: ``show`` keeps one browser node per key and updates it with ``Plotly.react``.

It can go when ``st.plotly_chart`` keeps zoom and hidden traces over new data:
``tests/dashboard/streamlit_workarounds/test_live_chart.py`` fails then.
"""

from dashboard.live_chart.component import show

__all__ = ["show"]
