"""Choosing the values of the next trial, stopping poor trials, telling what mattered.

``proposer`` needs Keras Tuner, ``importance`` Optuna: they are loaded when asked for, and neither
belongs into the page's process.
"""
