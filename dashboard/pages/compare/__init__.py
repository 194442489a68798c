"""The parts of the comparison of several runs."""
