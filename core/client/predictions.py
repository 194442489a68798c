"""Predictions of trained models."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.client.lab import Lab

if TYPE_CHECKING:
    from core.inference.predictor import Prediction, Predictor, Refusal


class Predictions:
    """Predictions of runs' best models for images."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._making = threading.Lock()
        self._predictor: Predictor | None = None

    def predict(
        self, run_id: str, images: Sequence[tuple[str, bytes]], top: int = 5
    ) -> list[Prediction | Refusal]:
        """Predict images, given as (name, content of the file), with a run's best model.

        One result per image, in order: a Prediction with the ``top`` classes, or a Refusal that
        says what is wrong with the image. Raises RunNotFound, or PredictionUnavailable while the
        run has no model.
        """
        return self._get_predictor().predict(self._lab.store.runs.get(run_id), images, top)

    def can_predict(self, run_id: str) -> bool:
        """Whether a run has a model that can predict. Raises RunNotFound."""
        return self.problem(run_id) is None

    def problem(self, run_id: str) -> str | None:
        """Why a run cannot predict, as a sentence; None when it can. Raises RunNotFound."""
        return self._get_predictor().why_not(self._lab.store.runs.get(run_id))

    def close(self) -> None:
        """End its Keras processes. The next prediction starts them again."""
        with self._making:
            if self._predictor is not None:
                self._predictor.close()

    def _get_predictor(self) -> Predictor:
        # Imported here: the other parts need neither NumPy nor Pillow.
        from core.inference.predictor import Predictor

        with self._making:
            if self._predictor is None:
                self._predictor = Predictor(self._lab.settings)
            return self._predictor
