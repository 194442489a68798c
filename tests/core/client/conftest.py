"""A client on a results folder of its own, whose processes end with the test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.client import Client
from core.client.machine import Machine
from core.processes import ProcessIdentity
from core.settings import Settings
from core.spec import Experiment, parse


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment(
        {
            "CONVSCOPE_RESULTS": str(tmp_path / "results"),
            "CONVSCOPE_DATA": str(tmp_path / "data"),
            "CONVSCOPE_CACHE": os.environ.get("CONVSCOPE_CACHE", str(tmp_path / "cache")),
        }
    )


@pytest.fixture
def client(settings: Settings) -> Iterator[Client]:
    client = Client(settings)
    yield client
    client.close()
    client.machine.stop_supervisor()
    identities = [
        client.store.controllers.process_of(search.id) for search in client.searches.list()
    ]
    identities += [
        client.store.trainers.process_of(run.id) for run in client.runs.list(include_archived=True)
    ]
    for identity in identities:
        if identity is not None:
            ProcessIdentity(*identity).kill_group()
    client.store.close()


@pytest.fixture
def experiment() -> Experiment:
    return parse(
        {
            "name": "small",
            "data": {"dataset": "digits", "train_size": 100},
            "model": {"stages": [{"convolutions": [{"kind": "normal", "filters": 4}]}]},
            "training": {"epochs": 2},
        }
    )


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Promises about the store alone: real supervisors and trainers are for the journeys."""
    monkeypatch.setattr(Machine, "ensure_supervisor", lambda self: None)
