"""The page Search: the list of searches, the form of a new one, and the page of one search.

``snapshot``        a search with its trials and runs, read once per rerun, and its texts
``listing``         all searches; without any, the presets
``header``          state, progress, figures and actions of one search
``budget``          the limits of a search and the time that is left
``trials_section``  best score so far, parallel coordinates, curves and the table of trials
``trials_table``    the table of trials and the actions for selected ones
``manual_trial``    a trial whose values the user chooses
``insight``         importance, slice, contour and timeline
``winner``          the best trial compared with the base experiment
``promotions``      retraining of the best trials
``form``            the form of a new search
"""
