"""Import a person's own code from the bytes that were compared with the trusted ones.

``sys.path`` is not changed: it would import any file of the folder, and compiled files instead of
the compared sources, until the process ends.
"""

from __future__ import annotations

import importlib
import importlib.abc
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType

from core.models.own_source import SourceModule, Sources


def import_sources(sources: Sources, module: str) -> ModuleType:
    """The imported module. It can import only ``sources`` from its folder.

    Raises ImportError if another module has one of the names, and any exception of the code.
    """
    finder = next((each for each in sys.meta_path if isinstance(each, TrustedFinder)), None)
    if finder is None:
        finder = TrustedFinder()
        sys.meta_path.insert(0, finder)
    finder.serve(sources)
    return importlib.import_module(module)


class TrustedFinder(importlib.abc.MetaPathFinder):
    """Finds the modules of trusted code, also those that the code imports while it builds."""

    def __init__(self) -> None:
        self._served: dict[str, SourceModule] = {}

    def serve(self, sources: Sources) -> None:
        """Find these modules from now on. Other code of the same names is removed."""
        for name, module in sources.items():
            _refuse_taken(name, module, is_served=name in self._served)
        if any(self._served.get(name, module) != module for name, module in sources.items()):
            for name in self._served:
                sys.modules.pop(name, None)
            self._served.clear()
        self._served.update(sources)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """See `importlib.abc.MetaPathFinder.find_spec`."""
        module = self._served.get(fullname)
        if module is None:
            return None
        if module.content is None:
            return ModuleSpec(fullname, None, is_package=True)
        spec = spec_from_file_location(fullname, module.path, loader=_Loader(module))
        if spec is not None and module.is_package:
            # No folder to search: its other modules were not compared.
            spec.submodule_search_locations = []
        return spec


class _Loader(importlib.abc.SourceLoader):
    """Loads the source that was compared. Compiled files are neither read nor written."""

    def __init__(self, module: SourceModule) -> None:
        self._module = module

    def get_filename(self, fullname: str) -> str:
        """The path in tracebacks."""
        return str(self._module.path)

    def get_data(self, path: bytes | str) -> bytes:
        """The module's own source. Raises OSError for any other file."""
        if str(path) != str(self._module.path) or self._module.content is None:
            raise OSError(f"{path!r} is no part of the trusted code.")
        return self._module.content


def _refuse_taken(name: str, module: SourceModule, *, is_served: bool) -> None:
    loaded = sys.modules.get(name)
    if loaded is None or is_served:
        return
    file = getattr(loaded, "__file__", None)
    same = list(getattr(loaded, "__path__", [])) if module.content is None else [file]
    if str(module.path) not in same:
        raise ImportError(f"The name {name} belongs to {file or 'Python itself'}. Rename {name}.")
