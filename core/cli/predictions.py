"""`convscope predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from core.cli.exits import FAILED, say
from core.cli.output import AsJson, inert, print_json
from core.cli.runs import RunReference
from core.client import Client
from core.text import quote


def predict(
    reference: RunReference,
    images: Annotated[list[str], typer.Argument(metavar="IMAGE...", help="Files of pictures.")],
    top: Annotated[int, typer.Option(min=1, max=1000, help="How many classes to name.")] = 5,
    as_json: AsJson = False,
) -> None:
    """Ask a run's best network about pictures.

    A bad picture is refused, and the rest go on.
    """
    client = Client()
    try:
        answers = _answers(client, client.runs.get(reference).id, images, top)
    finally:
        client.close()
    if as_json:
        print_json(answers)
    else:
        _print_answers(answers)
    if any("error" in answer for answer in answers):
        raise typer.Exit(FAILED)


def _answers(client: Client, run_id: str, images: list[str], top: int) -> list[dict[str, Any]]:
    """In the order of the images, the unreadable files among them."""
    from core.inference.predictor import Refusal

    contents = [_content(path) for path in images]
    readable = [(path, c) for path, c in zip(images, contents, strict=True) if isinstance(c, bytes)]
    predictions = iter(client.predictions.predict(run_id, readable, top=top))
    answers: list[dict[str, Any]] = []
    for path, content in zip(images, contents, strict=True):
        if not isinstance(content, bytes):
            answers.append({"image": path, "error": content})
            continue
        answer = next(predictions)
        if isinstance(answer, Refusal):
            answers.append({"image": path, "error": answer.error})
            continue
        classes = [{"label": label, "probability": p} for label, p in answer.top]
        told = {"epoch": answer.epoch, "engine": answer.engine, "seconds": answer.seconds}
        answers.append({"image": path, "top": classes} | told)
    return answers


def _content(path: str) -> bytes | str:
    """The file's bytes, or the sentence why there are none. No more is read than may be used."""
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


def _print_answers(answers: list[dict[str, Any]]) -> None:
    for answer in answers:
        if "error" in answer:
            say(inert(answer["error"]))
            continue
        typer.echo(f"{inert(answer['image'])}  (epoch {answer['epoch']}, {answer['engine']})")
        for each in answer["top"]:
            typer.echo(f"  {each['probability']:7.2%}  {each['label']}")
