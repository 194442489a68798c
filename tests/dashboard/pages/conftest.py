"""Runs that were really trained, once, for every page that shows what training leaves behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.client import Client
from core.records.runs import Run, RunState
from core.settings import Settings
from core.spec import Data, Dense, Experiment, Model, Stage, Training
from core.spec.blocks import NormalConv
from tests.dashboard.conftest import APP, Opener

HOSTILE = "<b>bold</b> [x](http://evil) :material/home: $a$"
"""A name that HTML, Markdown, Streamlit and Plotly would each like to read."""


def small(name: str, *, seeds: tuple[int, ...], units: int) -> Experiment:
    """A network that learns a little of digits in three epochs of less than a second."""
    return Experiment(
        name=name,
        data=Data(dataset="digits", train_size=300),
        model=Model(
            stages=(Stage(convolutions=(NormalConv(filters=8),)),), dense=(Dense(units=units),)
        ),
        training=Training(epochs=3, batch_size=32, learning_rate=3e-3),
        seeds=seeds,
    )


@pytest.fixture(scope="session")
def trained_results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A results folder with three finished runs: two seeds of one network, and a wider one."""
    folder = tmp_path_factory.mktemp("trained")
    environment = dict(os.environ) | {"CONVSCOPE_RESULTS": str(folder)}
    environment.pop("CONVSCOPE_DATABASE_URL", None)
    client = Client(Settings.from_environment(environment))
    try:
        client.machine.set_cpu_slots(2)  # most of a small run is its start
        launched = client.runs.submit(small(HOSTILE, seeds=(1, 2), units=16))
        launched += client.runs.submit(small("wider", seeds=(1,), units=32))
        runs = client.runs.wait([run.id for run in launched], timeout_s=240)
        assert {run.state for run in runs} == {RunState.FINISHED}, runs
        yield folder
    finally:
        client.machine.stop_supervisor()
        client.store.close()


@pytest.fixture
def trained(trained_results: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The client of that lab, which the pages find through the environment. Change nothing."""
    monkeypatch.setenv("CONVSCOPE_RESULTS", str(trained_results))
    st.cache_resource.clear()
    client = Client(Settings.from_environment())
    yield client
    client.close()
    client.store.close()
    st.cache_resource.clear()


@pytest.fixture
def runs(trained: Client) -> list[Run]:
    """Seed 1 and seed 2 of the hostile name, then the wider network."""
    return trained.runs.list()


@pytest.fixture
def open_trained(trained: Client) -> Opener:
    """Open a page of that lab by its file's name, with parts of its address."""

    def opened(name: str, **address: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=60)
        app.switch_page(f"pages/{name}/{name}.py")
        for part, value in address.items():
            app.query_params[part] = value
        app.run()
        assert not app.exception
        return app

    return opened
