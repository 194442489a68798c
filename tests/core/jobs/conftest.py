"""Results folders whose processes end with their test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.errors import StoreGone
from core.jobs.supervisor import stop_supervisor
from core.processes import ProcessIdentity
from core.settings import Settings
from core.store.store import Store
from tests.core.jobs.lab import Lab


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Make labs: results folders with a store. What runs in them ends with the test."""
    labs: list[Lab] = []

    def make(name: str = "lab") -> Lab:
        settings = Settings.from_environment(
            {
                "CONVSCOPE_RESULTS": str(tmp_path / name),
                "CONVSCOPE_DATA": str(tmp_path / "data"),
                "CONVSCOPE_CACHE": os.environ.get("CONVSCOPE_CACHE", str(tmp_path / "cache")),
            }
        )
        labs.append(Lab(settings, Store.open(settings)))
        return labs[-1]

    yield make
    for lab in labs:
        stop_supervisor(lab.settings)
        for process in lab.processes:
            process.kill()
            process.wait()
        for pid in lab.trainers():
            ProcessIdentity.of(pid).kill_group()
        with suppress(StoreGone):  # what works on a lost database ends by itself
            for search in lab.store.searches.list():
                identity = lab.store.controllers.process_of(search.id)
                if identity is not None:
                    ProcessIdentity(*identity).kill_group()
        lab.store.close()


@pytest.fixture
def lab(make_lab: Callable[..., Lab]) -> Lab:
    return make_lab()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / "results")})


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as opened:
        yield opened
