"""A real SQLite in a folder of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import Settings
from core.store.store import Store


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment(
        {"CONVSCOPE_RESULTS": str(tmp_path / "results"), "CONVSCOPE_CACHE": str(tmp_path / "cache")}
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as opened:
        yield opened
