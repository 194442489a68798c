"""Frozen rows and the states they can be in: the vocabulary of all layers."""
