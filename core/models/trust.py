"""Trust in a person's own code: this user decides which code may build models.

The store, a file or a page may name a module that builds a model. The module is imported only if
this user has trusted it for this results folder, and none of its files has changed since. The list
of trusted code is in this user's configuration folder, because a results folder may be foreign.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core import decisions
from core.errors import CodeNotTrusted, FieldCode, FieldError
from core.models.own_source import SourceModule, Sources, find_sources
from core.settings import Settings
from core.spec.own import OwnModel

FILE = "trusted_code.json"
NOT_TRUSTED, CHANGED = "code_not_trusted", "code_changed"
"""Codes of the refusals."""
_KEY = ("results", "folder", "reference")

_log = logging.getLogger(__name__)


def trust(settings: Settings, own: OwnModel) -> None:
    """Trust this code, with its files as they are now, in this results folder.

    Raises CodeNotTrusted when the folder has no such module, DecisionsError when the decision
    cannot be stored.
    """
    key = _key(settings, own)
    folder = Path(key["folder"])
    try:
        sources = find_sources(own.reference.partition(":")[0], folder)
    except (ImportError, OSError) as error:
        raise CodeNotTrusted(NOT_TRUSTED, f"{type(error).__name__}: {error}") from error
    modules = {name: _recorded(module, folder) for name, module in sources.items()}
    decisions.change(
        settings,
        FILE,
        lambda before: [
            *(each for each in before if not _has(each, key)),
            key | {"modules": modules},
        ],
    )


def trusted_sources(settings: Settings, own: OwnModel) -> Sources:
    """The sources of trusted code, read and compared. Raises CodeNotTrusted for any other."""
    key = _key(settings, own)
    entry = next((each for each in decisions.read(settings, FILE) if _has(each, key)), None)
    recorded = None if entry is None else _modules(entry)
    if recorded is None:
        _warn_of_foreign_list(settings)
        raise CodeNotTrusted(
            NOT_TRUSTED,
            f"The code {own.reference} in {own.folder} is not trusted here. {_how(own)}",
        )
    sources = {name: _read(name, each, Path(key["folder"])) for name, each in recorded.items()}
    changed = [name for name, each in sources.items() if each.sha256 != recorded[name]["sha256"]]
    if changed:
        raise CodeNotTrusted(
            CHANGED,
            f"The code {own.reference} in {own.folder} changed since it was trusted "
            f"({', '.join(sorted(changed))}), so it is not trusted any more. {_how(own)}",
        )
    return sources


def trust_errors(settings: Settings, own: OwnModel) -> list[FieldError]:
    """The error that the code is not trusted; empty if it is."""
    try:
        trusted_sources(settings, own)
    except CodeNotTrusted as error:
        return [FieldError("model.own", str(error), FieldCode.NOT_TRUSTED)]
    return []


def _how(own: OwnModel) -> str:
    return (
        "It can do anything that you can do on this computer: read it first. Then trust it from "
        f"Python: Client().trust_code({own.reference!r}, folder={own.folder!r})."
    )


def _key(settings: Settings, own: OwnModel) -> dict[str, str]:
    try:
        folder = Path(own.folder)
        if not folder.is_absolute():
            raise ValueError("a relative path")
        names = (str(settings.results.resolve()), str(folder.resolve()), own.reference)
    # A path that no file system could hold, and a circle of links.
    except (OSError, ValueError, RuntimeError) as error:
        raise CodeNotTrusted(
            NOT_TRUSTED,
            f"The code {own.reference} is not trusted here: its folder is {own.folder!r} "
            f"({error}). Expected an absolute path.",
        ) from error
    return dict(zip(_KEY, names, strict=True))


def _has(entry: Any, key: Mapping[str, str]) -> bool:
    return isinstance(entry, dict) and all(entry.get(name) == key[name] for name in _KEY)


def _recorded(module: SourceModule, folder: Path) -> dict[str, Any]:
    return {
        "file": module.path.relative_to(folder).as_posix(),
        "sha256": module.sha256,
        "is_package": module.is_package,
    }


def _modules(entry: Mapping[str, Any]) -> dict[str, dict[str, Any]] | None:
    """What was recorded of the modules; None when the entry is damaged."""
    modules = entry.get("modules")
    kinds = {"file": str, "sha256": str, "is_package": bool}
    if isinstance(modules, dict) and all(
        isinstance(each, dict) and all(isinstance(each.get(k), kind) for k, kind in kinds.items())
        for each in modules.values()
    ):
        return modules if entry["reference"].partition(":")[0] in modules else None
    return None


def _read(name: str, recorded: Mapping[str, Any], folder: Path) -> SourceModule:
    """A recorded module as it is now. A missing file has another sha256 than the recorded one."""
    path = folder / recorded["file"]
    content: bytes | None = None
    if recorded["sha256"]:
        try:
            content = path.read_bytes()
        except OSError as error:
            _log.warning("%s, which is trusted, cannot be read: %s", path, error)
    return SourceModule(name, path, content, recorded["is_package"])


def _warn_of_foreign_list(settings: Settings) -> None:
    old = settings.results / FILE
    if old.exists():
        _log.warning(
            "%s is ignored: a results folder cannot trust its own code. Trusted code is in %s.",
            old,
            settings.config / FILE,
        )
