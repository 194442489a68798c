"""Where a backbone's weights are, and whether they are available. Light: no Keras."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from core.models.backbones import network_probe, weights_file
from core.models.backbones.catalog import BackboneInfo, WeightsFile
from core.settings import keras_home
from core.spec.backbone import Backbone, FileWeights, ImagenetWeights, RunWeights
from core.text import quote

FIELD = "model.backbone.weights"


def keras_folder() -> Path:
    """Where Keras keeps the weights that it fetched."""
    return keras_home() / "models"


def problem(backbone: Backbone, info: BackboneInfo, runs: Path) -> tuple[str, str] | None:
    """Field and sentence of why the weights cannot be loaded; None when they can.

    ``runs``: folder of the run folders. Uses the network only if Keras would have to fetch a file.
    """
    match backbone.weights:
        case ImagenetWeights():
            sentence = _imagenet_problem(backbone, info)
            return (FIELD, sentence) if sentence else None
        case FileWeights(path=path):
            sentence = _file_problem(path, info)
            return (f"{FIELD}.path", sentence) if sentence else None
        case RunWeights(run=run):
            sentence = _run_problem(run, info, runs)
            return (f"{FIELD}.run", sentence) if sentence else None
        case _:
            return None


def run_file(reference: str, runs: Path) -> Path:
    """The best model of the run whose id begins with this. Raises UnusableWeights."""
    wanted = reference.strip().lower()
    if not wanted or not set(wanted) <= set("0123456789abcdef"):
        raise weights_file.UnusableWeights(
            f"Got {quote(reference)} for a run's id. Expected one, or its start: "
            "see the list of runs."
        )
    found = [path for path in runs.glob(f"{wanted}*") if path.is_dir() and not path.is_symlink()]
    if len(found) != 1:
        which = "No run's files are" if not found else f"{len(found)} runs are"
        raise weights_file.UnusableWeights(
            f"{which} under the id {wanted}. Expected the id of one run that has trained."
        )
    file = found[0] / "best" / "best.keras"
    # A link leads out of the run's folder, which may come from somebody else.
    if not file.is_file() or file.is_symlink() or file.parent.is_symlink():
        raise weights_file.UnusableWeights(
            f"Run {wanted} has no best model yet. Expected a run with a finished epoch."
        )
    return file


def typed_path(text: str) -> Path:
    """A path as a person typed it, with ``~`` for a home folder."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:
        # There is no such user. The path is no file then, and is reported as one.
        return path


def is_cached(file: WeightsFile) -> bool:
    """Whether Keras has the file already, with the right checksum if it has one."""
    path = keras_folder() / file.file
    try:
        found = path.stat()
    except OSError:
        return False
    if not file.digest:
        return found.st_size > 0
    return _digest(path, len(file.digest), found.st_mtime_ns, found.st_size) == file.digest


def imagenet_unavailable(info: BackboneInfo, file: WeightsFile) -> str:
    """What to do if ImageNet weights are not on this machine and cannot be fetched."""
    return (
        f"The ImageNet weights of {info.name} are not on this machine and cannot be fetched: "
        f"{network_probe.host(file.origin)} does not answer. Put {file.file} into "
        f"{keras_folder()}, or choose a weights file, another run, or none."
    )


def _imagenet_problem(backbone: Backbone, info: BackboneInfo) -> str:
    file = info.imagenet(backbone.image_size or info.default_size)
    if is_cached(file) or network_probe.answers(file.origin):
        return ""
    return imagenet_unavailable(info, file)


def _file_problem(path: str, info: BackboneInfo) -> str:
    if not path.strip():
        return f"Got no file. Expected the path of one with the weights of {info.name}."
    return weights_file.problem(typed_path(path), info)


def _run_problem(run: str, info: BackboneInfo, runs: Path) -> str:
    try:
        file = run_file(run, runs)
    except weights_file.UnusableWeights as error:
        return str(error)
    sentence = weights_file.problem(file, info)
    return sentence and f"Run {run.strip()} has no weights that fit. {sentence}"


@lru_cache(maxsize=64)
def _digest(path: Path, digits: int, changed_at: int, size: int) -> str:
    # The checksums are Keras' choice: they detect a broken download, not an attack.
    kind = "md5" if digits == 32 else "sha256"
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
