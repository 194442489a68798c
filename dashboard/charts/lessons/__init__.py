"""Figures of the lessons: numbers in, figure out."""
