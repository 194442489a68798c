"""A Plotly figure that is updated in place, so that zoom and hidden traces are kept.

``st.plotly_chart`` mounts a new chart whenever its data changes, and loses both. ``show`` keeps one
browser node per key and updates it with ``Plotly.react``.
"""

from dashboard.live_chart.component import show

__all__ = ["show"]
