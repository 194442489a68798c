"""Everything that would stop a launch, found before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.datasets import catalog
from core.datasets.catalog import DatasetInfo
from core.datasets.status import DatasetState, status
from core.errors import FieldError, InvalidExperiment, UnknownDataset
from core.settings import Settings
from core.spec import Data, Engine, Experiment
from core.training.installed_engines import installed_engines

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def check(experiment: Experiment, settings: Settings) -> list[FieldError]:
    """Each field that stands in the way of a launch; empty when nothing does."""
    errors = engine_errors(experiment.training.engine)
    try:
        info = catalog.info(experiment.data.dataset)
    except UnknownDataset as error:
        return [FieldError("data.dataset", str(error)), *errors]
    return [
        *dataset_errors(info, settings),
        *split_errors(experiment.data, info, settings),
        *network_errors(experiment, info),
        *backbone_errors(experiment, settings),
        *own_errors(experiment, settings),
        *errors,
    ]


def dataset_errors(info: DatasetInfo, settings: Settings) -> list[FieldError]:
    """A data set that is neither here nor can be fetched."""
    found = status(info.name, settings)
    if found.state is DatasetState.MISSING:
        return [FieldError("data.dataset", found.sentence)]
    return []


def split_errors(data: Data, info: DatasetInfo, settings: Settings) -> list[FieldError]:
    """A validation share or a number of training images that cannot be had."""
    from core.datasets.split import split_of

    try:
        split_of(data, _labels(info, settings))
    except InvalidExperiment as error:
        return error.errors
    return []


def network_errors(experiment: Experiment, info: DatasetInfo) -> list[FieldError]:
    """A network that this data set's images do not fit through, or that is absurdly large."""
    from core.models.plan import plan

    try:
        plan(experiment.model, experiment.data, info.image_shape, info.num_classes)
    except InvalidExperiment as error:
        return error.errors
    return []


def backbone_errors(experiment: Experiment, settings: Settings) -> list[FieldError]:
    """Weights that cannot be had, and more layers to unfreeze than there are."""
    backbone, tuning = experiment.model.backbone, experiment.training.fine_tuning
    if backbone is None:
        return []
    from core.models.backbones import layers, weights

    try:
        network = layers.backbone_info(backbone)
    except InvalidExperiment:
        # Said already, with the network's layers.
        return []
    found = weights.problem(backbone, network, settings.runs)
    return [
        *([FieldError(*found)] if found else []),
        *(layers.fine_tuning_errors(backbone, tuning) if tuning else []),
    ]


def own_errors(experiment: Experiment, settings: Settings) -> list[FieldError]:
    """Code that nobody trusted on this machine."""
    from core.models.trust import trust_errors

    own = experiment.model.own
    return [] if own is None else trust_errors(settings, own)


def engine_errors(engine: Engine) -> list[FieldError]:
    """An engine that is not installed."""
    installed = installed_engines()
    if (engine is Engine.AUTO and installed) or engine.value in installed:
        return []
    if engine is Engine.AUTO:
        return [FieldError("training.engine", "No engine is installed. Run make setup.")]
    file = "requirements.txt" if engine is Engine.TENSORFLOW else f"requirements-{engine}.txt"
    return [
        FieldError(
            "training.engine",
            f"{engine} is not installed; installed: {', '.join(installed) or 'none'}. "
            f"Install it with pip install -r {file}, or choose auto.",
        )
    ]


def _labels(info: DatasetInfo, settings: Settings) -> NDArray[np.integer]:
    """The real training labels where the set is decoded, else as many, evenly spread."""
    import numpy as np

    from core.datasets.opened import open_dataset

    if status(info.name, settings).state is DatasetState.READY:
        return open_dataset(info.name, settings).train_labels
    return np.arange(info.train_size, dtype=np.int64) % info.num_classes
