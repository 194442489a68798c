"""Build a model by a person's own code: a Keras Tuner HyperModel and its values.

Only `load_build` imports such code, and only if it is trusted.
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
    """Build the code's model with these values, as one layer of that name.

    Raises CodeNotTrusted, and TrainingFailed (``own_code``) when it cannot be built or does not fit
    the data set.
    """
    reference, units = config["reference"], config["units"]
    try:
        model = load_build(reference, config["folder"])(_hyperparameters(config["values"]))
    except CodeNotTrusted:
        raise
    # Own code may raise any exception.
    except Exception as error:
        raise TrainingFailed(
            "own_code", f"{reference} built no model: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(model, keras.Model) or model.output_shape != (None, units):
        got = getattr(model, "output_shape", type(model).__name__)
        raise TrainingFailed(
            "own_code",
            f"{reference} returned {got}. Expected a keras.Model with outputs (None, {units}), a "
            "probability per class.",
        )
    _refuse_unsavable(model, reference)
    model.name = name
    return model


def _refuse_unsavable(model: keras.Model, reference: str) -> None:
    """Check before the first epoch, which would be lost if the model could not be saved."""
    try:
        keras.saving.serialize_keras_object(model)
    # Own code may raise any exception.
    except Exception as error:
        raise TrainingFailed(
            "own_code",
            f"{reference} returned a model that cannot be saved: {type(error).__name__}: {error}",
        ) from error


def own_optimizer(model: keras.Model, name: str) -> keras.optimizers.Optimizer | None:
    """A new optimiser with the configuration of the code's own; None if it compiled none."""
    compiled = getattr(model.get_layer(name), "optimizer", None)
    if compiled is None:
        return None
    return compiled.__class__.from_config(compiled.get_config())


def load_build(reference: str, folder: str) -> Build:
    """Import the build function, if this user trusts the code and it is unchanged.

    The results folder and the list of trusted code follow from this process' environment. Raises
    CodeNotTrusted before anything is imported, and any exception of the code.
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
    # Before the code declares them: a declaration keeps a value that is there already.
    chosen.values.update(values)
    return chosen
