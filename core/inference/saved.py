"""What a trainer left in a run's folder that can answer, read while it may be replaced.

best/best.keras   + best/meta.json      the best network as Keras saves it
litert/best.tflite + litert/best.json   the same for LiteRT, possibly of an earlier epoch
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

from core.errors import ArtifactCorrupt
from core.files import open_regular

_PATIENCE_S = 2.0
"""A trainer that replaces file and description needs milliseconds for it."""


@dataclass(frozen=True)
class SavedNetwork:
    """A network's file and what its description says about it."""

    path: Path
    epoch: int
    class_names: tuple[str, ...]
    sha256: str


def keras_network(folder: Path) -> SavedNetwork | None:
    """The best network of a run's folder in Keras' form; None when there is none yet."""
    return _described(folder / "best" / "best.keras", folder / "best" / "meta.json")


def litert_network(folder: Path) -> SavedNetwork | None:
    """The same in LiteRT's form, possibly of an earlier epoch; None when there is none."""
    return _described(folder / "litert" / "best.tflite", folder / "litert" / "best.json")


def read_whole(folder: Path) -> tuple[SavedNetwork, bytes] | None:
    """The LiteRT network and its bytes, which match its description.

    Waits for a trainer that is just replacing the two. Raises ArtifactCorrupt when they still
    do not match after two seconds.
    """
    give_up_at = time.monotonic() + _PATIENCE_S
    while (network := litert_network(folder)) is not None:
        try:
            with open(network.path, "rb", opener=open_regular) as file:
                content = file.read()
        except FileNotFoundError:
            return None
        if hashlib.sha256(content).hexdigest() == network.sha256:
            return network, content
        if time.monotonic() > give_up_at:
            raise ArtifactCorrupt(f"{network.path} does not match {network.path.name}'s manifest.")
        time.sleep(0.02)
    return None


def _described(path: Path, description: Path) -> SavedNetwork | None:
    try:
        with open(description, "rb", opener=open_regular) as file:
            raw = json.loads(file.read())
        names = tuple(str(name) for name in raw["class_names"])
        network = SavedNetwork(path, int(raw["epoch"]), names, str(raw["sha256"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactCorrupt(f"{description} is damaged: {error}.") from error
    return network if path.is_file() and not path.is_symlink() else None
