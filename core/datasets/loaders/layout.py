"""From file names in a folder or zip file to splits and classes: `train/<class>/<image>`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.datasets.catalog import DatasetInfo
from core.errors import DatasetCorrupt
from core.text import quote

# Files that desktop systems add to folders and archives.
_CLUTTER = {"__MACOSX", "Thumbs.db", "desktop.ini", "@eaDir"}


@dataclass(frozen=True)
class Listing:
    """The images of both splits as (name, class index), sorted by class and then by name."""

    train: tuple[tuple[str, int], ...]
    test: tuple[tuple[str, int], ...]


def arrange(info: DatasetInfo, names: Iterable[str], where: str) -> Listing:
    """Sort names (with ``/``) into splits and classes.

    Files at the top (a README) are left out. Raises DatasetCorrupt for an unknown class, a
    class without images, and any other file.
    """
    paths = [parts for name in names if not _is_clutter(parts := tuple(name.split("/")))]
    wrapped = any(len(p) == 4 and p[0] == info.name for p in paths) and all(
        p[0] == info.name or len(p) == 1 for p in paths
    )
    index = {folder: number for number, folder in enumerate(info.folder_names)}
    found: dict[str, list[tuple[int, str]]] = {"train": [], "test": []}
    for path in paths:
        inner = path[1:] if wrapped else path
        if len(inner) <= 1:
            continue
        label = _label(info, index, inner, "/".join(path), where)
        found[inner[0]].append((label, "/".join(path)))
    for split, images in found.items():
        _require_every_class(info, split, {label for label, _ in images}, where)
    return Listing(
        *(tuple((name, label) for label, name in sorted(found[split])) for split in found)
    )


def _is_clutter(parts: tuple[str, ...]) -> bool:
    return any(part in _CLUTTER or part.startswith(".") for part in parts)


def _label(
    info: DatasetInfo, index: dict[str, int], parts: tuple[str, ...], name: str, where: str
) -> int:
    if len(parts) != 3 or parts[0] not in ("train", "test"):
        raise DatasetCorrupt(f"{where} holds {quote(name)}; expected {info.layout}.")
    if parts[1] not in index:
        known = ", ".join(info.folder_names[:10]) + (", ..." if info.num_classes > 10 else "")
        raise DatasetCorrupt(
            f"{where} holds {quote(name)}, but {info.title} has no class {quote(parts[1])}; "
            f"its classes are {known}."
        )
    return index[parts[1]]


def _require_every_class(info: DatasetInfo, split: str, labels: set[int], where: str) -> None:
    missing = [name for i, name in enumerate(info.folder_names) if i not in labels]
    if missing:
        names = ", ".join(f"{split}/{name}" for name in missing[:5])
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        raise DatasetCorrupt(f"{where} has no images for {names}{more}; expected {info.layout}.")
