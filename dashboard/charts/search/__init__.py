"""Figures of a search: frame in, figure out."""
