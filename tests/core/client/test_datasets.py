"""Data sets: prepared in a process of its own."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.client import Client
from core.datasets.status import DatasetState
from core.errors import (
    UnknownDataset,
)
from core.settings import Settings


def test_a_data_set_is_prepared_by_a_process_that_reports(
    settings: Settings, tmp_path: Path
) -> None:
    client = Client(replace(settings, cache=tmp_path / "cache"))
    assert client.datasets.get("digits").state is DatasetState.LOCAL
    client.datasets.prepare("digits")
    assert client.datasets.get("digits").state in {DatasetState.PREPARING, DatasetState.READY}
    deadline = time.monotonic() + 60
    while client.datasets.get("digits").state is DatasetState.PREPARING:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert client.datasets.get("digits").state is DatasetState.READY


def test_preparing_an_unknown_data_set_says_so(client: Client) -> None:
    with pytest.raises(UnknownDataset, match="cifar10"):
        client.datasets.prepare("no_such")
