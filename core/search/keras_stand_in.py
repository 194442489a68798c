"""Load Keras Tuner without an engine, in a process that uses its oracles and trains nothing.

Keras Tuner imports Keras, and Keras imports its engine: with TensorFlow, each running search's
controller would take 650 MB and 4 s more of CPU instead of 200 MB. The oracles use only two
functions of Keras and the name of its backend, so a small stand-in takes Keras' place while Keras
Tuner is imported (1.4.8).

Without this module controllers do the same with Keras itself, and take three times the memory.
Remove it when Keras loads without an engine: its numpy backend should, but imports jax
(Keras 3.15, ``keras/src/backend/numpy``). A test fails as soon as that works.
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
# Named by class statements and type hints of the half of Keras Tuner that trains.
_FOR_TRAINING = ("applications", "callbacks", "layers", "losses", "metrics", "models", "optimizers")


def prepare() -> bool:
    """Load Keras Tuner without Keras. Call it once, first, in a process of its own.

    Returns False if that is not possible (Keras is loaded already, or this version of Keras Tuner
    needs more of it): the oracles then load Keras itself, and work the same.
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
        # A later import of Keras in this process must load Keras itself.
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
    """Has itself as every attribute: enough for class statements that name a base class."""

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return cls


class _Absent(metaclass=_Anything):
    """Replaces everything of Keras that only training needs."""


def _to_config(thing: Any) -> dict[str, Any]:
    return {"class_name": type(thing).__name__, "config": thing.get_config()}


def _from_config(raw: Mapping[str, Any], _: object, known: Mapping[str, Any]) -> Any:
    return known[raw["class_name"]].from_config(raw["config"])
