"""Trainers that are started in advance, with their imports done."""
