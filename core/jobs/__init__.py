"""The queue's processes: one supervisor, one trainer a run, and what the machine offers them."""
