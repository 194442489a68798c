"""What the lab remembers: runs, metrics, events, artifacts, over SQLAlchemy."""
