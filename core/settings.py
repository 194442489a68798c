"""Where things live and how many runs go at once: environment over default.

| variable                 | meaning                          | default                          |
|--------------------------|----------------------------------|----------------------------------|
| `CONVSCOPE_RESULTS`      | database and runs                | `experiments/results`            |
| `CONVSCOPE_DATA`         | data sets a person put there     | `experiments/data`               |
| `CONVSCOPE_CACHE`        | decoded data sets, one per source| `experiments/cache`              |
| `CONVSCOPE_DATABASE_URL` | SQLAlchemy URL of the store      | SQLite file in the results folder|
| `CONVSCOPE_CONFIG`       | what this user trusts            | the system's configuration folder|
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from platformdirs import user_config_path

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""The checkout: presets are read from here, and child processes start here."""


@dataclass(frozen=True)
class Settings:
    """Resolved paths and the database address. Two values never disturb each other."""

    results: Path
    data: Path
    cache: Path
    database_url: str
    config: Path
    """What this user decided, such as which code is trusted. Never inside ``results``: a results
    folder may come from somebody else."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Read the table above; relative paths are taken from the current folder."""
        env = os.environ if environment is None else environment
        home = PROJECT_ROOT / "experiments"
        results = _folder(env.get("CONVSCOPE_RESULTS"), home / "results")
        return cls(
            results=results,
            data=_folder(env.get("CONVSCOPE_DATA"), home / "data"),
            cache=_folder(env.get("CONVSCOPE_CACHE"), home / "cache"),
            database_url=_database_url(env.get("CONVSCOPE_DATABASE_URL"))
            or _sqlite_url(results / "convscope.sqlite"),
            config=_folder(env.get("CONVSCOPE_CONFIG"), user_config_path("convscope")),
        )

    def to_environment(self) -> dict[str, str]:
        """The same settings as environment variables, for child processes."""
        return {
            "CONVSCOPE_RESULTS": str(self.results),
            "CONVSCOPE_DATA": str(self.data),
            "CONVSCOPE_CACHE": str(self.cache),
            "CONVSCOPE_DATABASE_URL": self.database_url,
            "CONVSCOPE_CONFIG": str(self.config),
        }

    @property
    def runs(self) -> Path:
        """Folder that holds one folder a run, named by the run's id."""
        return self.results / "runs"

    def run_folder(self, run_id: str) -> Path:
        """The folder of one run. Paths are made of ids, never of names."""
        return self.runs / run_id

    def search_folder(self, search_id: str) -> Path:
        """What a search keeps: its controller's log and its best network."""
        return self.results / "searches" / search_id


def keras_home() -> Path:
    """Where Keras keeps what it fetches, by its own rule: `KERAS_HOME`, `~/.keras`, or `/tmp`."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    nearest = next(place for place in (home, *home.parents) if place.exists())
    if os.access(nearest, os.W_OK):
        return home
    shared = Path("/tmp")  # noqa: S108 - Keras' own fallback, kept word for word
    return (shared if shared.is_dir() else Path(tempfile.gettempdir())) / ".keras"


_UNQUOTED = "/\\:"
_RELATIVE_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:|[A-Za-z]:)([^?]+)(.*)")


def _database_url(value: str | None) -> str:
    """The address with a relative SQLite file made absolute: child processes start elsewhere."""
    relative = _RELATIVE_SQLITE.fullmatch(value or "")
    if relative is None:
        return value or ""
    scheme, path, options = relative.groups()
    return f"{scheme}{quote(str(Path.cwd()), safe=_UNQUOTED)}/{path}{options}"


def _sqlite_url(path: Path) -> str:
    # In an address a question mark begins the options, and %20 is a space.
    return f"sqlite:///{quote(str(path), safe=_UNQUOTED)}"


def _folder(value: str | None, default: Path) -> Path:
    return Path(value).expanduser().resolve() if value else default
