"""The system's clock, corrected while processes run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest


@pytest.fixture
def correct_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Have the system report what it reports after its clock was set forward by some seconds.

    Linux then gives another time of day for its start; start times since 1970 derive from it.
    """

    def correct(seconds: float) -> None:
        stat = Path("/proc/stat").read_text(encoding="ascii")
        before = re.search(r"^btime (\d+)$", stat, flags=re.MULTILINE)
        assert before is not None
        folder = tmp_path / f"proc{seconds}"
        folder.mkdir()
        for entry in Path("/proc").iterdir():
            if entry.name != "stat":
                (folder / entry.name).symlink_to(entry)
        corrected = f"btime {int(before[1]) + int(seconds)}"
        (folder / "stat").write_text(stat.replace(before[0], corrected), encoding="ascii")
        monkeypatch.setattr(psutil, "PROCFS_PATH", str(folder))

    return correct
