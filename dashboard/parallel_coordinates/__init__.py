"""Parallel coordinates with one line per trial and one axis per hyperparameter.

Python reads the brush. Plotly's parallel coordinates do not send it to the server, and need WebGL,
which takes tens of seconds in a browser without a graphics card. These use SVG: five hundred lines
take a few milliseconds, and trials that end during a drag neither move nor clear the brush.
"""

from dashboard.parallel_coordinates.component import Axis, Brush, Line, clear, inside, show

__all__ = ["Axis", "Brush", "Line", "clear", "inside", "show"]
