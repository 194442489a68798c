"""The best network on given images; on the test images on request only.

Ranking is done on validation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.opened import OpenedDataset
from core.errors import ArtifactCorrupt
from core.spec.experiment import Experiment
from core.spec.training import Engine
from core.training.engine import let_compile, prepare_engine, select_engine

BATCH_SIZE = 256
# Keras' own: a probability of 0 costs 16, not infinity.
_SMALLEST_PROBABILITY = 1e-7


def evaluate_test(experiment: Experiment, folder: Path, dataset: OpenedDataset) -> dict[str, Any]:
    """Score the best network of ``experiment`` in a run's ``folder`` on the test images.

    Returns ``epoch`` (of the best network), ``loss`` (mean cross-entropy, without L2 and label
    smoothing), ``accuracy``, ``class_accuracy`` (by class name) and ``confusion``: counts,
    row = true class, column = answer, in the order of ``class_names``. Raises ArtifactCorrupt
    when there is no whole best network, TrainingFailed when no engine is installed or own code
    builds no network, and CodeNotTrusted.
    """
    everything = np.arange(len(dataset.test_labels))
    return evaluate(
        experiment,
        folder,
        dataset.test_images,
        dataset.test_labels,
        everything,
        dataset.class_names,
    )


def evaluate(
    experiment: Experiment,
    folder: Path,
    images: NDArray[np.uint8],
    labels: NDArray[np.integer],
    indices: NDArray[np.int64],
    class_names: tuple[str, ...],
) -> dict[str, Any]:
    """The same on those of ``images`` (N, height, width, channels) and ``labels`` at ``indices``.

    They are shown as they are: no augmentation, and nothing in the network is dropped.
    """
    engine = select_engine(Engine.AUTO)
    prepare_engine(engine)
    # Imported here, for they import Keras, which reads its engine then.
    from core.models.saved_model import Architecture, rebuild
    from core.training import best
    from core.training.batches import Batches
    from core.training.feed import feed

    epoch = best.saved_epoch(folder)
    if epoch is None:
        raise ArtifactCorrupt(
            "This run has no whole best network: it needs one finished epoch; resume it."
        )
    height, width, channels = images.shape[1:]
    architecture = Architecture(experiment, (height, width, channels), len(class_names))
    model = rebuild(architecture, best.model_file(folder))
    let_compile(model, engine)
    batches = Batches(images, labels, indices, batch_size=BATCH_SIZE, seed=None)
    probabilities = model.predict(feed(batches, engine), verbose=0)
    return {"epoch": epoch} | scores(probabilities, np.asarray(labels)[indices], class_names)


def scores(
    probabilities: NDArray[np.floating[Any]],
    labels: NDArray[np.integer],
    class_names: tuple[str, ...],
) -> dict[str, Any]:
    """Loss, accuracy, accuracy by class and confusion counts as plain JSON types.

    ``probabilities`` is (N, classes), ``labels`` (N,). A class without images has no accuracy.
    """
    answers = probabilities.argmax(axis=1)
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    confusion = np.zeros((len(class_names), len(class_names)), dtype=np.int64)
    np.add.at(confusion, (labels, answers), 1)
    counts = confusion.sum(axis=1)
    return {
        "loss": float(-np.log(np.clip(of_truth, _SMALLEST_PROBABILITY, 1.0)).mean()),
        "accuracy": float((answers == labels).mean()),
        "class_names": list(class_names),
        "class_accuracy": {
            name: int(confusion[i, i]) / int(counts[i])
            for i, name in enumerate(class_names)
            if counts[i]
        },
        "confusion": confusion.tolist(),
    }
