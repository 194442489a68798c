"""A supervisor whose code was edited is replaced: its fingerprint covers all that it runs."""

from __future__ import annotations

import json
import subprocess
import sys

from core.jobs.supervisor_status import SUPERVISOR_ROOMS
from core.settings import PROJECT_ROOT

LOADED = """
import json, sys, core.jobs.supervisor
print(json.dumps([name for name in sys.modules if name.startswith("core.")]))
"""


def test_the_fingerprint_covers_every_module_that_a_supervisor_loads() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED], cwd=PROJECT_ROOT, capture_output=True, check=True
    )
    # Modules directly in `core` are always covered.
    rooms = {parts[1] for name in json.loads(done.stdout) if len(parts := name.split(".")) > 2}
    assert rooms
    assert rooms <= set(SUPERVISOR_ROOMS)
