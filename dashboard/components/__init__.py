"""Things with widgets that pages are made of. Figures are in ``dashboard.charts``."""
