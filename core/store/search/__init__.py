"""Searches and their trials in the store."""
