"""The source of a person's own code: a module and what it imports from its own folder.

Found by reading ``import`` statements, also those inside functions; nothing is executed.
Installed packages and the lab itself are not part of it: this user installed them.
"""

from __future__ import annotations

import ast
import hashlib
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_LAB = frozenset({"core", "dashboard"})


@dataclass(frozen=True)
class SourceModule:
    """One module's name, file and content. A folder without ``__init__.py`` has no content."""

    name: str
    path: Path
    content: bytes | None
    is_package: bool

    @property
    def sha256(self) -> str:
        """Of the content, in hexadecimal; empty without content."""
        return "" if self.content is None else hashlib.sha256(self.content).hexdigest()


Sources = Mapping[str, SourceModule]
"""By dotted name."""


def find_sources(module: str, folder: Path) -> Sources:
    """The module and everything that it imports from ``folder``, directly or not.

    Raises ModuleNotFoundError when the folder has no such module, OSError for unreadable files.
    """
    found: dict[str, SourceModule] = {}
    # Beside a module of an installed package there are other packages, which are not part of it.
    only = module.partition(".")[0] if _is_for_packages(folder) else None
    waiting = [module]
    while waiting:
        for each in _with_parents(waiting.pop(), folder, only):
            if each.name not in found:
                found[each.name] = each
                waiting += _imported_by(each, folder)
    if module not in found:
        raise ModuleNotFoundError(
            f"There is no module {module!r} in {folder}. Expected a file "
            f"{module.replace('.', '/')}.py, outside of the lab's own code."
        )
    return found


def _is_for_packages(folder: Path) -> bool:
    return any(folder == Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib"))


def _with_parents(name: str, folder: Path, only: str | None) -> Iterator[SourceModule]:
    """The module and the packages around it; nothing when the folder does not hold it."""
    parts = name.split(".")
    if parts[0] in _LAB or (only is not None and parts[0] != only):
        return
    wanted = _read(name, folder)
    if wanted is None:
        return
    for end in range(1, len(parts)):
        parent = ".".join(parts[:end])
        around = folder.joinpath(*parts[:end])
        yield _read(parent, folder) or SourceModule(parent, around, None, is_package=True)
    yield wanted


def _read(name: str, folder: Path) -> SourceModule | None:
    place = folder.joinpath(*name.split("."))
    for path, is_package in ((place / "__init__.py", True), (place.with_suffix(".py"), False)):
        if path.is_file():
            return SourceModule(name, path, path.read_bytes(), is_package)
    return None


def _imported_by(module: SourceModule, folder: Path) -> Iterator[str]:
    """Every name that the module may import, whether the folder has it or not."""
    if module.content is None:
        return
    try:
        tree = ast.parse(module.content)
    # Code that cannot be read as Python cannot be imported either.
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _prefixes(alias.name)
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, module)
            yield from _prefixes(base)
            for alias in node.names:
                yield from _members(base, alias.name, folder)


def _base(node: ast.ImportFrom, module: SourceModule) -> str:
    """The module that ``from ... import`` names, relative ones made absolute."""
    if node.level == 0:
        return node.module or ""
    parts = module.name.split(".")
    above = parts[: len(parts) - node.level + module.is_package]
    return ".".join([*above, *([node.module] if node.module else [])])


def _members(base: str, name: str, folder: Path) -> Iterator[str]:
    if name != "*":
        yield f"{base}.{name}" if base else name
        return
    # ``__all__`` may name any module of the package.
    place = folder.joinpath(*base.split("."))
    stems = {file.stem for file in place.glob("*.py")} - {"__init__"}
    yield from (f"{base}.{stem}" for stem in sorted(stems))


def _prefixes(name: str) -> Iterator[str]:
    parts = [part for part in name.split(".") if part]
    yield from (".".join(parts[:end]) for end in range(1, len(parts) + 1))
