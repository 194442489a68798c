"""The form of a new search: where it starts, what may vary, how it searches, what it will take.

``fields``  every field of an experiment that may vary, with a first range for each: no Streamlit
``start``   the experiment that it starts from: a preset, a run, the form, another search
``box``     one parameter: its range, its conditions
``drawn``   the whole form
``launch``  combinations, time and finish; the button, and why it may not be pressed
"""
