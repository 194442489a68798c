"""Keras Tuner without an engine: a controller only asks its oracles, and trains nothing.

Importing Keras loads TensorFlow (4 s and 650 MB) or whatever engine is installed, for each search
that runs. The oracles use two functions of Keras and the name of its backend; these are given to
them here, in a process that has no other use for Keras.
"""

from __future__ import annotations

import importlib
import logging
import sys
from collections.abc import Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

_log = logging.getLogger(__name__)

_NAMES = ("keras", "keras.src", "keras.src.ops", "keras.random")
# What class statements and type hints of its training half name.
_FOR_TRAINING = ("applications", "callbacks", "layers", "losses", "metrics", "models", "optimizers")


def prepare() -> bool:
    """Load Keras Tuner without Keras. To be called once, first, by a process of its own.

    Returns False where that cannot be had (Keras is loaded already, or another Keras Tuner needs
    more of it): the oracles then load Keras itself, and work the same.
    """
    if "keras" in sys.modules or "keras_tuner" in sys.modules:
        return "keras" not in sys.modules
    sys.modules.update({name: _stand_in(name) for name in _NAMES})
    try:
        importlib.import_module("keras_tuner")
    except (ImportError, AttributeError, TypeError):
        _log.warning("Keras Tuner needs more of Keras than expected; loading it", exc_info=True)
        _forget("keras_tuner")
        return False
    finally:
        # Whoever imports Keras later in this process gets the real one.
        _forget("keras")
    return True


def _forget(package: str) -> None:
    for name in [each for each in sys.modules if each.split(".")[0] == package]:
        del sys.modules[name]


def _stand_in(name: str) -> ModuleType:
    module = ModuleType(name)
    module.__path__ = []
    module.__dict__["__all__"] = []
    if name == "keras":
        module.__dict__.update(
            dict.fromkeys(_FOR_TRAINING, _Absent),
            __all__=["saving", "utils", *_FOR_TRAINING],
            config=SimpleNamespace(backend=lambda: "none"),
            utils=SimpleNamespace(
                serialize_keras_object=_to_config, deserialize_keras_object=_from_config
            ),
            saving=SimpleNamespace(register_keras_serializable=lambda **_: lambda thing: thing),
            version=lambda: "3.",
        )
    return module


class _Anything(type):
    """Any attribute of it is it: enough for class statements that name a base."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class _Absent(metaclass=_Anything):
    """Stands for everything of Keras that only training needs."""


def _to_config(thing: Any) -> dict[str, Any]:
    return {"class_name": type(thing).__name__, "config": thing.get_config()}


def _from_config(raw: Mapping[str, Any], _: object, known: Mapping[str, Any]) -> Any:
    return known[raw["class_name"]].from_config(raw["config"])
