"""The parts of the page that lets networks look at pictures."""
