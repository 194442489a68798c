"""From a picture's bytes to the top five, once warm."""

from __future__ import annotations

from benchmarks.figures import Figure, NotMeasured, at_most
from benchmarks.pictures import photo, png
from benchmarks.session import Session, finished
from benchmarks.timing import milliseconds_of
from core.client import Client
from core.datasets import load
from core.inference.predictor import Refusal

TITLE = "Predict"


def measure(session: Session) -> list[Figure]:
    """A small picture of the data set itself, and a photo as a phone takes it."""
    session.prepared()
    with session.lab() as client:
        [run] = finished(client, client.runs.submit(session.experiment("training.epochs=1")))
        first = load(session.size.dataset, client.settings).test_images[0]
        height, width, _ = first.shape
        return [
            _figure(session, client, run.id, f"{height}×{width} PNG", png(first)),
            _figure(session, client, run.id, "12-megapixel JPEG", photo()),
        ]


def _figure(session: Session, client: Client, run_id: str, what: str, content: bytes) -> Figure:
    images = [(what, content)]
    [answer] = client.predictions.predict(run_id, images, top=5)
    if isinstance(answer, Refusal):
        raise NotMeasured(f"The picture was refused: {answer.error}")
    taken = milliseconds_of(
        lambda: client.predictions.predict(run_id, images, top=5), session.size.repeats
    )
    note = f"answered by {answer.engine}, decoding included"
    return Figure(f"{what} to top 5", taken, "ms", at_most(500.0), note)
