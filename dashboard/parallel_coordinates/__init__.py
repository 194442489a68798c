"""Parallel coordinates whose brush comes back to Python: a line a trial, an axis a parameter.

Plotly's own needs WebGL, which a browser without a graphics card paints in tens of seconds, and
its brush never reaches the server. This one is plain SVG, five hundred lines are drawn in a few
milliseconds, and a trial that ends while a brush is held neither moves nor clears it.
"""

from dashboard.parallel_coordinates.component import Axis, Brush, Line, clear, inside, show

__all__ = ["Axis", "Brush", "Line", "clear", "inside", "show"]
