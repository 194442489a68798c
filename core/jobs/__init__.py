"""The processes of the queue: one supervisor, one trainer per run, and the machine's slots."""
