"""Where a backbone's weights are, and whether they can be had. Light: no Keras."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from core.models.backbones import network_probe, weights_file
from core.models.backbones.catalog import Network, WeightsFile
from core.settings import keras_home
from core.spec.backbone import Backbone, FileWeights, ImagenetWeights, RunWeights
from core.text import quote

FIELD = "model.backbone.weights"


def keras_folder() -> Path:
    """Where Keras keeps the weights that it fetched."""
    return keras_home() / "models"


def problem(backbone: Backbone, network: Network, runs: Path) -> tuple[str, str] | None:
    """Field and sentence of what keeps the weights away; None when nothing does.

    ``runs``: folder of the run folders. Asks the network only where Keras would have to fetch
    something.
    """
    match backbone.weights:
        case ImagenetWeights():
            sentence = _imagenet_problem(backbone, network)
            return (FIELD, sentence) if sentence else None
        case FileWeights(path=path):
            sentence = _file_problem(path, network)
            return (f"{FIELD}.path", sentence) if sentence else None
        case RunWeights(run=run):
            sentence = _run_problem(run, network, runs)
            return (f"{FIELD}.run", sentence) if sentence else None
        case _:
            return None


def run_file(reference: str, runs: Path) -> Path:
    """The best network of the run whose id begins so. Raises UnusableWeights."""
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
            f"Run {wanted} has no best network yet. Expected a run with a finished epoch."
        )
    return file


def typed_path(text: str) -> Path:
    """A path as a person typed it, with ``~`` for a home folder."""
    path = Path(text.strip())
    try:
        return path.expanduser()
    except RuntimeError:
        # Nobody of that name has one: as it stands there is no such file, which is then said.
        return path


def is_cached(file: WeightsFile) -> bool:
    """Whether Keras has the file already, whole as far as its checksum tells."""
    path = keras_folder() / file.file
    try:
        found = path.stat()
    except OSError:
        return False
    if not file.digest:
        return found.st_size > 0
    return _digest(path, len(file.digest), found.st_mtime_ns, found.st_size) == file.digest


def not_to_be_had(network: Network, file: WeightsFile) -> str:
    """What to do where ImageNet weights are neither here nor to be fetched."""
    return (
        f"The ImageNet weights of {network.name} are not on this machine and cannot be fetched: "
        f"{network_probe.host(file.origin)} does not answer. Put {file.file} into "
        f"{keras_folder()}, or choose a weights file, another run, or none."
    )


def _imagenet_problem(backbone: Backbone, network: Network) -> str:
    file = network.imagenet(backbone.image_size or network.default_size)
    if is_cached(file) or network_probe.answers(file.origin):
        return ""
    return not_to_be_had(network, file)


def _file_problem(path: str, network: Network) -> str:
    if not path.strip():
        return f"Got no file. Expected the path of one with the weights of {network.name}."
    return weights_file.problem(typed_path(path), network)


def _run_problem(run: str, network: Network, runs: Path) -> str:
    try:
        file = run_file(run, runs)
    except weights_file.UnusableWeights as error:
        return str(error)
    sentence = weights_file.problem(file, network)
    return sentence and f"Run {run.strip()} cannot lend its weights. {sentence}"


@lru_cache(maxsize=64)
def _digest(path: Path, digits: int, changed_at: int, size: int) -> str:
    # Keras' own choice of sums: they tell a broken download, not an attacker.
    kind = "md5" if digits == 32 else "sha256"
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()
