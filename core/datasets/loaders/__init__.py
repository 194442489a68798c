"""Readers of one kind of source each. Heavy: import them only where images are read."""
