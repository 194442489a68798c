"""Lessons: short texts beside the options of the form, with a figure where one helps.

``panel``    the texts, from ``texts.toml``, and a button per lesson on the page
``figures``  the figure of a lesson, computed for the model in the form
"""
