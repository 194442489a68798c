"""Start a module of the lab in a process of its own that outlives this one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from core.settings import PROJECT_ROOT, Settings


def start_detached(
    module: str, *arguments: str, settings: Settings, log: Path
) -> subprocess.Popen[bytes]:
    """Run ``python -m module arguments`` under the same settings, its output to a log file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=PROJECT_ROOT,
            env={**os.environ, **settings.to_environment()},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    # Somebody has to collect its exit status, or it stays behind as a zombie.
    threading.Thread(target=process.wait, name=module, daemon=True).start()
    return process
