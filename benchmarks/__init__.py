"""What `make bench` runs: each promised figure measured, and benchmarks/RESULTS.md written.

`make bench` measures everything (some minutes) and writes the table; `make bench
ONLY=throughput` measures one part and only prints it. One module a measurement, each with
``TITLE`` and ``measure(session) -> list[Figure]``; ``__main__.MEASUREMENTS`` lists them.

Everything happens in temporary folders: nobody's runs, database or cache are touched. These
are measurements of a machine at an hour, not tests: a miss is a word in the table.
"""
