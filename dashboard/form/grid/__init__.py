"""A grid in the form: fields with a list of values each, and one run per combination.

``draft``  the lists filled in so far, and the fields that can have one: no Streamlit
``form``   the lists on the page, beside the launch button
"""
