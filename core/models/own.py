"""Build a model with a person's own code: a Keras Tuner HyperModel and its values.

`load_build` is the only place that imports such code, and it imports only trusted code.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import keras

from core.errors import CodeNotTrusted, TrainingFailed
from core.models.own_import import import_sources
from core.models.trust import trusted_sources
from core.settings import Settings
from core.spec.own import OwnModel

Build = Callable[[Any], keras.Model]
"""From ``keras_tuner.HyperParameters`` to a model."""


def own_model(config: Mapping[str, Any], *, name: str) -> keras.Model:
    """The model that the code builds with these values, under that name and as one layer.

    Raises CodeNotTrusted, and TrainingFailed (``own_code``) when it cannot be built or does not fit
    the data set.
    """
    reference, units = config["reference"], config["units"]
    try:
        model = load_build(reference, config["folder"])(_hyperparameters(config["values"]))
    except CodeNotTrusted:
        raise
    # Code of a person's own raises whatever it likes.
    except Exception as error:
        raise TrainingFailed(
            "own_code", f"{reference} built no model: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(model, keras.Model) or model.output_shape != (None, units):
        got = getattr(model, "output_shape", type(model).__name__)
        raise TrainingFailed(
            "own_code",
            f"{reference} gave {got}. Expected a keras.Model with outputs (None, {units}), a "
            "probability for each class.",
        )
    _refuse_unsavable(model, reference)
    model.name = name
    return model


def _refuse_unsavable(model: keras.Model, reference: str) -> None:
    """Before the first epoch: after it nothing could be saved, and it would be lost."""
    try:
        keras.saving.serialize_keras_object(model)
    # Code of a person's own raises whatever it likes.
    except Exception as error:
        raise TrainingFailed(
            "own_code",
            f"{reference} gave a model that cannot be saved: {type(error).__name__}: {error}",
        ) from error


def own_optimizer(model: keras.Model, name: str) -> keras.optimizers.Optimizer | None:
    """A fresh optimiser like the one that the code compiled its model with; None without one."""
    compiled = getattr(model.get_layer(name), "optimizer", None)
    if compiled is None:
        return None
    return compiled.__class__.from_config(compiled.get_config())


def load_build(reference: str, folder: str) -> Build:
    """The function that builds, imported if this user has trusted the code and it is unchanged.

    The results folder and the list of trusted code follow from this process' environment. Raises
    CodeNotTrusted before anything is imported, and whatever the code itself raises.
    """
    own = OwnModel(reference=reference, folder=folder)
    sources = trusted_sources(Settings.from_environment(), own)
    module, _, path = reference.partition(":")
    return build_of(reduce(getattr, path.split("."), import_sources(sources, module)))


def build_of(hypermodel: Any) -> Build:
    """The build function of a HyperModel class, of an instance, or the function itself."""
    made: Any = hypermodel() if inspect.isclass(hypermodel) else hypermodel
    build: Build = made.build if hasattr(made, "build") else made
    return build


def _hyperparameters(values: Mapping[str, Any]) -> Any:
    import keras_tuner

    chosen = keras_tuner.HyperParameters()
    # Before they are declared: a declaration keeps the value that it finds.
    chosen.values.update(values)
    return chosen
