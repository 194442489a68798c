"""Where a trainer's passing files go: into its run's folder, not into the machine's.

Keras on TensorFlow writes the source of each compiled function there and removes it when the
interpreter is taken down, which a trainer never waits for, and a killed one cannot. A thousand
runs would leave several thousand files behind.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = "temporary"


@contextmanager
def own_temporary_files(run_folder: Path) -> Iterator[None]:
    """Have this process make its temporary files in the run's folder, and remove them at the end.

    What a killed attempt left there goes first, so the caller holds the run's lock. Raises
    OSError when the folder cannot be made, as when the run's folder is gone.
    """
    folder = run_folder / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    # Python looks into the environment once only, and a fork of a process that has looked has
    # its answer; what is not Python reads the environment.
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
