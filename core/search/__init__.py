"""Hyperparameter search: the next trial's values, pruning, and parameter importance.

``proposer`` loads Keras Tuner and ``importance`` Optuna, when they are first used: the dashboard's
process must not load either.
"""
