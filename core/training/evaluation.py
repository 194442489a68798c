"""Scores of the best model on given images; on the test images on request only.

Runs are ranked by their validation scores.
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
from core.training.engine import allow_jit, prepare_engine, select_engine

BATCH_SIZE = 256
# As in Keras: a probability of 0 costs 16, not infinity.
_SMALLEST_PROBABILITY = 1e-7


def evaluate_test(experiment: Experiment, folder: Path, dataset: OpenedDataset) -> dict[str, Any]:
    """Score the best model of ``experiment`` in a run's ``folder`` on the test images.

    Returns ``epoch`` (of the best model), ``loss`` (mean cross-entropy, without L2 and label
    smoothing), ``accuracy``, ``class_accuracy`` (by class name) and ``confusion``: counts,
    row = true class, column = predicted class, in the order of ``class_names``. Raises
    ArtifactCorrupt when the best model is missing or damaged, TrainingFailed when no engine is
    installed or own code builds no model, and CodeNotTrusted.
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

    Without augmentation and dropout.
    """
    engine = select_engine(Engine.AUTO)
    prepare_engine(engine)
    # Imported here: they import Keras, which reads its engine then.
    from core.models.saved_model import Architecture, rebuild
    from core.training import best_model
    from core.training.batches import Batches, feed

    epoch = best_model.saved_epoch(folder)
    if epoch is None:
        raise ArtifactCorrupt(
            "This run has no best model, or its file is damaged. "
            "Resume the run: a finished epoch saves one."
        )
    height, width, channels = images.shape[1:]
    architecture = Architecture(experiment, (height, width, channels), len(class_names))
    model = rebuild(architecture, best_model.model_file(folder))
    allow_jit(model, engine)
    batches = Batches(images, labels, indices, batch_size=BATCH_SIZE, seed=None)
    probabilities = model.predict(feed(batches, engine), verbose=0)
    chosen = np.asarray(labels)[indices]
    return {"epoch": epoch} | compute_scores(probabilities, chosen, class_names)


def compute_scores(
    probabilities: NDArray[np.floating[Any]],
    labels: NDArray[np.integer],
    class_names: tuple[str, ...],
) -> dict[str, Any]:
    """Loss, accuracy, accuracy by class and confusion counts as plain JSON types.

    ``probabilities`` is (N, classes), ``labels`` (N,). A class without images has no accuracy.
    """
    predicted = probabilities.argmax(axis=1)
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    confusion = np.zeros((len(class_names), len(class_names)), dtype=np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    counts = confusion.sum(axis=1)
    return {
        "loss": float(-np.log(np.clip(of_truth, _SMALLEST_PROBABILITY, 1.0)).mean()),
        "accuracy": float((predicted == labels).mean()),
        "class_names": list(class_names),
        "class_accuracy": {
            name: int(confusion[i, i]) / int(counts[i])
            for i, name in enumerate(class_names)
            if counts[i]
        },
        "confusion": confusion.tolist(),
    }
