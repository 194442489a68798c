"""`convscope predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.exits import FAILED
from core.cli.output import AsJson, print_json, say
from core.cli.runs import RunReference
from core.client import Client
from core.text import printable, quote


def predict(
    reference: RunReference,
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Image files.")],
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many classes to show.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Predict images with a run's best model.

    An image that cannot be read is reported; the others are still predicted.
    """
    client = Client()
    try:
        results = _predict(client, client.runs.get(reference).id, images, top)
    finally:
        client.close()
    if as_json:
        print_json(results)
    else:
        _print_results(results)
    if any("error" in result for result in results):
        raise typer.Exit(FAILED)


def _predict(client: Client, run_id: str, images: list[str], top: int) -> list[dict[str, Any]]:
    """One result per image, in order; a file that cannot be read has an error."""
    from core.inference.predictor import Refusal

    contents = [_content(path) for path in images]
    readable = [(path, c) for path, c in zip(images, contents, strict=True) if isinstance(c, bytes)]
    predictions = iter(client.predictions.predict(run_id, readable, top=top))
    results: list[dict[str, Any]] = []
    for path, content in zip(images, contents, strict=True):
        if not isinstance(content, bytes):
            results.append({"image": path, "error": content})
            continue
        prediction = next(predictions)
        if isinstance(prediction, Refusal):
            results.append({"image": path, "error": prediction.error})
            continue
        classes = [{"label": label, "probability": p} for label, p in prediction.top]
        results.append(
            {
                "image": path,
                "top": classes,
                "epoch": prediction.epoch,
                "engine": prediction.engine,
                "seconds": prediction.seconds,
            }
        )
    return results


def _content(path: str) -> bytes | str:
    """The file's bytes, or the sentence why it cannot be read. Reads no more than is allowed."""
    try:
        with Path(path).open("rb") as file:
            return file.read(_most_bytes() + 1)
    # Python refuses a path with a NUL as a ValueError.
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return f"{quote(path)} cannot be read: {reason}."


def _most_bytes() -> int:
    # Imported here: the other commands need no decoder.
    from core.inference.images import MAX_BYTES

    return MAX_BYTES


def _print_results(results: list[dict[str, Any]]) -> None:
    for result in results:
        if "error" in result:
            say(printable(result["error"]))
            continue
        typer.echo(f"{printable(result['image'])}  (epoch {result['epoch']}, {result['engine']})")
        for each in result["top"]:
            typer.echo(f"  {each['probability']:7.2%}  {printable(each['label'])}")
