"""The client's verbs about predictions."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.client.lab import Lab

if TYPE_CHECKING:
    from core.inference.predictor import Prediction, Predictor, Refusal


class Predictions:
    """What trained models predict for images."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._predictor_made = threading.Lock()
        self._predictor: Predictor | None = None

    def predict(
        self, run_id: str, images: Sequence[tuple[str, bytes]], top: int = 5
    ) -> list[Prediction | Refusal]:
        """Ask a run's best network about pictures, given as (name, content of the file).

        One answer a picture, in order: a Prediction, or a Refusal that says what is wrong with
        the picture. Raises RunNotFound, or PredictionUnavailable while there is no network.
        """
        return self._answers().predict(self._lab.store.runs.get(run_id), images, top)

    def can_predict(self, run_id: str) -> bool:
        """Whether a run has a network that could predict. Raises RunNotFound."""
        return self.problem(run_id) is None

    def problem(self, run_id: str) -> str | None:
        """The sentence why a run cannot predict yet; None when it can. Raises RunNotFound."""
        return self._answers().why_not(self._lab.store.runs.get(run_id))

    def close(self) -> None:
        """End its Keras processes. It may still be used afterwards and starts them again."""
        with self._predictor_made:
            if self._predictor is not None:
                self._predictor.close()

    def _answers(self) -> Predictor:
        # Imported here: NumPy and Pillow are for those who ask.
        from core.inference.predictor import Predictor

        with self._predictor_made:
            if self._predictor is None:
                self._predictor = Predictor(self._lab.settings)
            return self._predictor
