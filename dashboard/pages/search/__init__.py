"""The parts of the Search page: the list, the form, and one search while it goes on.

``snapshot``  one look at a search: its records and what every part of the page reads off them
``listing``   all searches, and what an empty lab offers
``header``    state, budget, time left, and what can be done with the search
``explored``  best so far, parallel coordinates with the brush, curves, and the trials' table
``insight``   importance, slice and contour
``winner``    the best trial against the base, and promotion with its table
``form``      a new search, drawn from the experiment that it starts from
"""
