"""The presets as cards: what each teaches, what it scored, what it changes, and its launch.

``finding``    search and sections; what is shown is in the address
``facts``      a preset's figures in words: no Streamlit
``changes``    what a preset changes against its base: no Streamlit
``launching``  how to launch (data set, epochs, seeds) and the launch of one, two or a grid
``cards``      one preset on the page
"""
