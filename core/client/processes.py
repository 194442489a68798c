"""Start a job that nobody supervises in a process of its own, and collect its exit status."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from core.jobs import logs
from core.jobs.devices import CPU
from core.jobs.launch import device_environment, start_module
from core.settings import Settings


def start_job(*arguments: str, settings: Settings, log: Path) -> subprocess.Popen[bytes]:
    """Run ``python -m <arguments>`` under the same settings; it outlives this process.

    It sees no GPU: those belong to the trainers, and a job that took their memory could end a run.
    """
    logs.bound(log)
    environment = settings.to_environment() | device_environment(CPU, cpu_slots=1)
    process = start_module(list(arguments), log, environment)
    # Somebody has to collect its exit status, or it stays behind as a zombie.
    threading.Thread(target=process.wait, name=arguments[0], daemon=True).start()
    return process
