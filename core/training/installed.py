"""Which engines are installed. Light: none of them is imported to find out."""

from __future__ import annotations

import importlib.util
import sys

from core.spec.training import Engine

PREFERENCE = (Engine.TENSORFLOW, Engine.JAX, Engine.TORCH)
"""The order in which ``auto`` looks for an engine."""


def installed_engines() -> tuple[str, ...]:
    """Engines whose package is installed, best first."""
    return tuple(engine.value for engine in PREFERENCE if _is_installed(engine.value))


def _is_installed(name: str) -> bool:
    # A package that was already imported need not be looked for, whatever its spec says.
    if name in sys.modules:
        return True
    spec = importlib.util.find_spec(name)
    # Any folder of that name on the path passes for a package, but one without a file of its own.
    return spec is not None and spec.origin is not None
