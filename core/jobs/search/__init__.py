"""The controller of a search, and the supervisor's watch over it."""
