"""The client's parts for searches."""
