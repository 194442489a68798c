"""Fields of the form that take a list of values each: one launch, a run for every combination.

``fields``  which fields of a draft can be varied, and what they are called: no Streamlit
``lists``   what a visitor has typed, and the grid that it makes: no Streamlit
``form``    the lists on the page, beside the launch button
"""
