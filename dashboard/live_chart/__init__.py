"""A Plotly figure that is redrawn in place: zoom and hidden traces survive every update.

``st.plotly_chart`` mounts a new chart whenever its data changes, and forgets what the reader
did to the old one. ``show`` keeps one browser node a key and updates it with ``Plotly.react``.
"""

from dashboard.live_chart.component import show

__all__ = ["show"]
