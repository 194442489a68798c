"""Prepare a data set in a process of its own, which outlives whoever started it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping

import psutil

from core.datasets import catalog
from core.datasets.catalog import DATASETS, DatasetInfo
from core.datasets.progress import PreparePhase, read_progress, report, write_progress
from core.settings import PROJECT_ROOT, Settings

_log = logging.getLogger(__name__)


def start_preparing(
    name: str, settings: Settings, catalogue: Mapping[str, DatasetInfo] = DATASETS
) -> int:
    """Start `python -m core.datasets.prepare NAME`, unless one runs; returns its process id.

    `read_progress` tells from now on how far it is, and why when it fails; its log is
    `.<name>.log` in the cache folder. Raises UnknownDataset, or OSError when the cache
    folder cannot be written.
    """
    catalog.info(name, catalogue)
    running = read_progress(name, settings)
    if running is not None and running.is_running:
        return running.pid
    settings.cache.mkdir(parents=True, exist_ok=True)
    with (settings.cache / f".{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core.datasets.prepare", name],
            cwd=PROJECT_ROOT,
            env=os.environ | settings.to_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    # Said at once, so that a page drawn before the process has spoken does not offer it again.
    try:
        write_progress(report(name, PreparePhase.WAIT, 0, 0, pid=process.pid), settings)
    except psutil.NoSuchProcess:
        _log.warning("The preparation of %s ended as soon as it began", name)
    # Without this wait the ended process would stay a zombie for as long as the page lives.
    threading.Thread(target=process.wait, name=f"prepare {name}", daemon=True).start()
    return process.pid
