"""Which engines are installed. Imports none of them, so that light processes may use it."""

from __future__ import annotations

import importlib.util
import sys

from core.spec.training import Engine

PREFERENCE = (Engine.TENSORFLOW, Engine.JAX, Engine.TORCH)
"""The order in which ``auto`` chooses an engine."""


def installed_engines() -> tuple[str, ...]:
    """Engines whose package is installed, best first."""
    return tuple(engine.value for engine in PREFERENCE if _is_installed(engine.value))


def _is_installed(name: str) -> bool:
    # A module that is already imported may have no spec to find.
    if name in sys.modules:
        return True
    spec = importlib.util.find_spec(name)
    # A plain folder of that name on the path is found as a namespace package, without an origin.
    return spec is not None and spec.origin is not None
