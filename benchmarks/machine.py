"""What was measured on: a figure without its machine says nothing."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from core.jobs.devices import gpus, num_cores
from core.training.installed_engines import installed_engines

_PACKAGES = ("keras", "tensorflow", "tensorflow-cpu", "jax", "torch", "numpy", "streamlit")


def describe() -> list[tuple[str, str]]:
    """Rows of the table's header. Call it before anything is started: it notes the load."""
    load = "not told by this system"
    if hasattr(os, "getloadavg"):
        load = "{:.2f}, {:.2f}, {:.2f} (1, 5, 15 minutes)".format(*os.getloadavg())
    names = [f"{gpu.name}" for gpu in gpus()]
    return [
        ("Date", datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")),
        ("CPU", f"{cpu_model()}, {num_cores()} cores"),
        ("GPU", ", ".join(names) or "none"),
        ("Memory", f"{psutil.virtual_memory().total / 1e9:.1f} GB"),
        ("System", f"{platform.system()} {platform.release()}, {_distribution()}"),
        ("Python", platform.python_version()),
        ("Engine", ", ".join(installed_engines()[:1]) or "none"),
        ("Versions", ", ".join(_versions())),
        ("Load average before the first measurement", load),
    ]


def cpu_model() -> str:
    """Name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "unknown")
    except OSError:
        return platform.version()


def _versions() -> list[str]:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return found
