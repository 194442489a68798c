"""Which code of a person's own may build networks here: what a Python call has named, no more.

A file that comes from outside, or a page, can say that a network is built by some module. That
module is imported only when its owner has trusted it on this machine, by name and folder.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from filelock import FileLock

from core.errors import FieldError
from core.settings import Settings
from core.spec.own import OwnNetwork

_FILE = "trusted_code.json"

_log = logging.getLogger(__name__)


def trust(settings: Settings, own: OwnNetwork) -> None:
    """Let this code build networks from now on."""
    settings.results.mkdir(parents=True, exist_ok=True)
    file = settings.results / _FILE
    # Two notebooks may name their code at once: neither may write over the other's.
    with FileLock(file.with_suffix(".lock")):
        known = _known(settings)
        if _entry(own) in known:
            return
        fresh = file.with_suffix(".fresh")
        entries = [*known, _entry(own)]
        fresh.write_text(json.dumps(entries, indent=1), encoding="utf-8")
        fresh.replace(file)


def trust_errors(settings: Settings, own: OwnNetwork) -> list[FieldError]:
    """Empty when the code is trusted; else the sentence why nothing is run."""
    if _entry(own) in _known(settings):
        return []
    sentence = (
        f"The code {own.reference} in {own.folder} is not trusted here. Only its owner can do "
        "that, from Python: Client().search_from_hypermodel(...)."
    )
    return [FieldError("model.own", sentence)]


def _entry(own: OwnNetwork) -> list[str]:
    return [own.reference, str(Path(own.folder))]


def _known(settings: Settings) -> list[list[str]]:
    file = settings.results / _FILE
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    # A file of nothing but brackets ends in the latter.
    except (ValueError, RecursionError) as error:
        _log.warning("%s is damaged, no code is trusted: %s", file, error)
        return []
    return known if isinstance(known, list) else []
