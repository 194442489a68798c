"""Where things live: environment over default, the same for every process that is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InvalidText, RunNotFound, SearchNotFound, StoreError
from core.settings import PROJECT_ROOT, Settings
from core.store.store import Store


def test_without_an_environment_everything_lies_below_experiments() -> None:
    settings = Settings.from_environment({})
    assert settings.results == PROJECT_ROOT / "experiments" / "results"
    assert settings.data == PROJECT_ROOT / "experiments" / "data"
    assert settings.cache == PROJECT_ROOT / "experiments" / "cache"


def test_child_processes_get_the_same_settings(tmp_path: Path) -> None:
    settings = Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / "a b")})
    assert Settings.from_environment(settings.to_environment()) == settings


@pytest.mark.parametrize("name", ["plain", "a?b", "a#b", "a%20b", "a b", "ä"])
def test_the_database_lies_in_the_results_folder_whatever_its_name(
    name: str, tmp_path: Path
) -> None:
    settings = Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / name)})
    Store.open(settings).close()
    assert (tmp_path / name / "convscope.sqlite").is_file()
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "url", ["sqlite:///mine.sqlite", "sqlite+pysqlite:///mine.sqlite?timeout=5"]
)
def test_a_relative_database_means_the_folder_of_whoever_named_it(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Trainers and the supervisor start in the checkout: they must open this very file.
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment(
        {"CONVSCOPE_RESULTS": "results", "CONVSCOPE_DATABASE_URL": url}
    )
    monkeypatch.chdir(PROJECT_ROOT)
    Store.open(Settings.from_environment(settings.to_environment())).close()
    assert (tmp_path / "mine.sqlite").is_file()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_that_no_other_process_could_see_is_refused(url: str, tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {"CONVSCOPE_RESULTS": str(tmp_path), "CONVSCOPE_DATABASE_URL": url}
    )
    with pytest.raises(StoreError, match="in memory"):
        Store.open(settings)


def test_a_servers_database_is_left_as_it_is() -> None:
    url = "postgresql+psycopg://me:secret@host/lab"
    assert Settings.from_environment({"CONVSCOPE_DATABASE_URL": url}).database_url == url


@pytest.mark.parametrize(
    "wrong", ["../x", "", "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n", "a/b"]
)
def test_only_an_id_names_a_folder(wrong: str, tmp_path: Path) -> None:
    settings = Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path)})
    with pytest.raises(RunNotFound):
        settings.run_folder(wrong)
    with pytest.raises(SearchNotFound):
        settings.search_folder(wrong)
    assert settings.run_folder("0" * 32) == tmp_path / "runs" / ("0" * 32)


@pytest.mark.parametrize("name", ["RESULTS", "DATA", "CACHE", "CONFIG", "DATABASE_URL"])
@pytest.mark.parametrize("value", ["a\x00b", "caf\udce9", "x" * 5000, "a\nb"])
def test_a_variable_that_is_no_path_is_refused_by_its_name(name: str, value: str) -> None:
    with pytest.raises(InvalidText, match=f"^CONVSCOPE_{name}: ") as caught:
        Settings.from_environment({f"CONVSCOPE_{name}": value})
    assert len(str(caught.value)) < 400


def test_the_home_of_nobody_is_refused_by_the_variables_name() -> None:
    with pytest.raises(InvalidText, match="CONVSCOPE_DATA"):
        Settings.from_environment({"CONVSCOPE_DATA": "~nobody-of-that-name/x"})
