"""Searches as TOML files: a person's own, and the presets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit

from core.errors import FieldError, InvalidExperiment, UnknownPreset
from core.settings import PROJECT_ROOT
from core.spec.base import Spec
from core.spec.files import About, is_name, parse_toml, read_preset, read_toml, without_none
from core.spec.parser import validated
from core.spec.search.spec import Search
from core.text import quote

SEARCHES = PROJECT_ROOT / "experiments" / "searches"


class SearchPreset(Spec):
    """A search that ships with the lab, and its description."""

    name: str
    about: About
    search: Search
    preset: str | None = None
    """The preset of its base experiment."""


def parse_search(raw: Mapping[str, Any]) -> Search:
    """Read a search from plain data.

    Its experiment is the table ``base``. With ``preset``, it is the preset of that name, changed by
    the fields in ``base``. Raises InvalidExperiment with one FieldError for each wrong field.
    """
    content = {key: value for key, value in raw.items() if key not in ("about", "preset")}
    if "preset" in raw:
        content["base"] = _merged(_base(raw["preset"]), _table(content.get("base", {})))
    return validated(Search, content)


def read_search(path: Path) -> Search:
    """Read a search file. Raises InvalidExperiment (field empty when it is no TOML)."""
    return parse_search({"name": path.stem} | read_toml(path))


def search_from_toml(text: str) -> Search:
    """Read a search from TOML text, for instance of an uploaded file."""
    return parse_search(parse_toml(text, "the text"))


def search_to_toml(search: Search) -> str:
    """The search as TOML, its whole experiment included. Reading it back gives an equal one."""
    return tomlkit.dumps(without_none(search.to_dict()))


def is_search(raw: Mapping[str, Any]) -> bool:
    """Whether plain data is a search and not an experiment."""
    return "parameters" in raw


def search_preset_names(folder: Path = SEARCHES) -> list[str]:
    """Names of all searches that ship with the lab, sorted."""
    return sorted(path.stem for path in folder.glob("*.toml"))


def read_search_preset(name: str, folder: Path = SEARCHES) -> SearchPreset:
    """One of them by name. Raises UnknownPreset, or InvalidExperiment for a broken file."""
    path = folder / f"{name}.toml"
    if not is_name(name) or not path.is_file():
        known = ", ".join(search_preset_names(folder))
        raise UnknownPreset(f"Unknown search {quote(name)}. Expected one of: {known}.")
    raw = {"name": name} | read_toml(path)
    about = validated(About, raw.get("about", {}), "about")
    return SearchPreset(name=name, about=about, search=parse_search(raw), preset=raw.get("preset"))


def _base(preset: Any) -> dict[str, Any]:
    if not isinstance(preset, str):
        raise InvalidExperiment([FieldError("preset", "Expected the name of a preset.")])
    try:
        return read_preset(preset).experiment.to_dict()
    except UnknownPreset as error:
        raise InvalidExperiment([FieldError("preset", str(error))]) from error


def _table(raw: Any) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise InvalidExperiment([FieldError("base", "Expected a table of fields.")])
    return raw


def _merged(base: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are merged, everything else is replaced; another ``kind`` starts from its defaults."""
    if not isinstance(base, Mapping) or changes.get("kind", base.get("kind")) != base.get("kind"):
        return dict(changes)
    merged = dict(base)
    for key, value in changes.items():
        merged[key] = _merged(merged.get(key), value) if isinstance(value, Mapping) else value
    return merged
