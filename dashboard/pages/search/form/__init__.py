"""The form of a new search.

``start``      the experiment that it starts from: a preset, a run, a draft, another search
``fields``     the fields of an experiment that may vary, each with a first range
``form``       all inputs of the form
``parameter``  one hyperparameter: its range and its condition
``launch``     the estimate, the problems to fix, and the button that starts the search
"""
