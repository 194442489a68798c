"""Build a network with a person's own code: a Keras Tuner HyperModel and its values.

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
from core.spec.own import OwnNetwork

Build = Callable[[Any], keras.Model]
"""From ``keras_tuner.HyperParameters`` to a network."""


def own_network(config: Mapping[str, Any], *, name: str) -> keras.Model:
    """The network that the code builds with these values, under that name and as one layer.

    Raises CodeNotTrusted, and TrainingFailed (``own_code``) when it cannot be built or does not fit
    the data set.
    """
    reference, units = config["reference"], config["units"]
    try:
        network = load_build(reference, config["folder"])(_hyperparameters(config["values"]))
    except CodeNotTrusted:
        raise
    # Code of a person's own raises whatever it likes.
    except Exception as error:
        raise TrainingFailed(
            "own_code", f"{reference} built no network: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(network, keras.Model) or network.output_shape != (None, units):
        got = getattr(network, "output_shape", type(network).__name__)
        raise TrainingFailed(
            "own_code",
            f"{reference} gave {got}. Expected a keras.Model with outputs (None, {units}), a "
            "probability for each class.",
        )
    _refuse_unsavable(network, reference)
    network.name = name
    return network


def _refuse_unsavable(network: keras.Model, reference: str) -> None:
    """Before the first epoch: after it nothing could be saved, and it would be lost."""
    try:
        keras.saving.serialize_keras_object(network)
    # Code of a person's own raises whatever it likes.
    except Exception as error:
        raise TrainingFailed(
            "own_code",
            f"{reference} gave a network that cannot be saved: {type(error).__name__}: {error}",
        ) from error


def own_optimizer(network: keras.Model, name: str) -> keras.optimizers.Optimizer | None:
    """A fresh optimiser like the one that the code compiled its network with; None without one."""
    compiled = getattr(network.get_layer(name), "optimizer", None)
    if compiled is None:
        return None
    return compiled.__class__.from_config(compiled.get_config())


def load_build(reference: str, folder: str) -> Build:
    """The function that builds, imported if this user has trusted the code and it is unchanged.

    The results folder and the list of trusted code follow from this process' environment. Raises
    CodeNotTrusted before anything is imported, and whatever the code itself raises.
    """
    own = OwnNetwork(reference=reference, folder=folder)
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
