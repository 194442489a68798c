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
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote as url_quoted

from platformdirs import user_config_path

from core.errors import InvalidText, RunNotFound, SearchNotFound
from core.text import PATH, check_text, quote

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""The checkout: presets are read from here, and child processes start here."""
_ID = re.compile(r"[0-9a-f]{32}")


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
        """Read the table above; relative paths are taken from the current folder.

        Raises InvalidText that names the variable.
        """
        env = os.environ if environment is None else environment
        home = PROJECT_ROOT / "experiments"
        results = _folder(env, "CONVSCOPE_RESULTS", home / "results")
        return cls(
            results=results,
            data=_folder(env, "CONVSCOPE_DATA", home / "data"),
            cache=_folder(env, "CONVSCOPE_CACHE", home / "cache"),
            database_url=_database_url(env) or _sqlite_url(results / "convscope.sqlite"),
            config=_folder(env, "CONVSCOPE_CONFIG", user_config_path("convscope")),
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
        """The folder of one run. Paths are made of ids, never of names.

        Raises RunNotFound for what is no id: nobody can make it a path to elsewhere.
        """
        if not is_id(run_id):
            raise RunNotFound(f"Expected a run's id, 32 hex digits. Got {quote(run_id)}.")
        return self.runs / run_id

    def search_folder(self, search_id: str) -> Path:
        """What a search keeps: its controller's log and its best model.

        Raises SearchNotFound for what is no id.
        """
        if not is_id(search_id):
            raise SearchNotFound(f"Expected a search's id, 32 hex digits. Got {quote(search_id)}.")
        return self.results / "searches" / search_id


def is_id(value: object) -> bool:
    """Whether this is the id of a run, a search or a group: 32 hex digits, none a capital."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def folders_named_by_id(parent: Path) -> Iterator[Path]:
    """The folders of runs below ``settings.runs``, or of searches; links and other names are not.

    None where ``parent`` is missing.
    """
    try:
        entries = sorted(parent.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    for each in entries:
        if is_id(each.name) and each.is_dir() and not each.is_symlink():
            yield each


def keras_home() -> Path:
    """Where Keras keeps what it fetches, by its own rule: `KERAS_HOME`, `~/.keras`, or `/tmp`."""
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras").expanduser()
    nearest = next(place for place in (home, *home.parents) if place.exists())
    if os.access(nearest, os.W_OK):
        return home
    shared = Path("/tmp")  # noqa: S108 - Keras' own fallback, kept word for word
    return (shared if shared.is_dir() else Path(tempfile.gettempdir())) / ".keras"


_DATABASE_URL = "CONVSCOPE_DATABASE_URL"
_UNQUOTED = "/\\:"
_RELATIVE_SQLITE = re.compile(r"(sqlite(?:\+\w+)?:///)(?!/|:memory:|file:|[A-Za-z]:)([^?]+)(.*)")


def _database_url(environment: Mapping[str, str]) -> str:
    """The address with a relative SQLite file made absolute: child processes start elsewhere."""
    value = environment.get(_DATABASE_URL) or ""
    if not value:
        return ""
    relative = _RELATIVE_SQLITE.fullmatch(check_text(_DATABASE_URL, value, PATH))
    if relative is None:
        return value
    scheme, path, options = relative.groups()
    return f"{scheme}{url_quoted(str(Path.cwd()), safe=_UNQUOTED)}/{path}{options}"


def _sqlite_url(path: Path) -> str:
    # In an address a question mark begins the options, and %20 is a space.
    return f"sqlite:///{url_quoted(str(path), safe=_UNQUOTED)}"


def _folder(environment: Mapping[str, str], name: str, default: Path) -> Path:
    value = environment.get(name)
    if not value:
        return default
    check_text(name, value, PATH)
    try:
        return Path(value).expanduser().resolve()
    except (RuntimeError, OSError) as error:
        sentence = f"Expected the path of a folder. Got {quote(value)} ({error})."
        raise InvalidText(name, sentence) from error
