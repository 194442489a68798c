"""Short texts beside the options, with a figure where one helps.

``texts``    what the lessons say, from ``texts.toml``: no Streamlit
``figures``  a lesson's figure for the network in the form, and what it shows in words
``beside``   lessons on the page, a button each
"""
