"""Promise: a results folder with foreign links is one sentence on the page, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.client import Client
from tests.dashboard.conftest import Opener


@pytest.mark.parametrize("name", ["supervisor.log", "supervisor.json"])
def test_the_page_shows_the_sentence_until_the_entry_is_removed(
    lab: Client, open_page: Opener, tmp_path: Path, name: str
) -> None:
    canary, entry = tmp_path / "canary", lab.settings.results / name
    canary.write_text("export PATH", encoding="utf-8")
    entry.parent.mkdir()
    if name.endswith("json"):
        os.mkfifo(entry)
    else:
        entry.symlink_to(canary)
    app = open_page("overview")
    (error,) = app.error
    assert "lead out of the folder" in error.value
    assert not app.button
    assert [each.name for each in lab.settings.results.iterdir()] == [name]
    assert canary.read_text(encoding="utf-8") == "export PATH"
    entry.unlink()
    app.run()
    assert not app.error
