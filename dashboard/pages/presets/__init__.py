"""The page Presets.

``filters``       the search and the sections, kept in the address
``descriptions``  a preset in words: size, scores, changes against its base; no Streamlit
``launch``        launch options, and the launch of a preset, with its base, or as a grid
``cards``         the card of a preset
"""
