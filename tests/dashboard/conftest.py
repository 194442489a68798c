"""A lab of its own for every test, and its pages without a browser."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.client import Client
from core.processes import ProcessIdentity
from core.settings import Settings

APP = Path(__file__).resolve().parent.parent.parent / "dashboard" / "app.py"
Opener = Callable[..., AppTest]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The client of an empty lab, which the pages find through the environment."""
    monkeypatch.setenv("CONVSCOPE_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CONVSCOPE_CACHE", os.environ.get("CONVSCOPE_CACHE", str(tmp_path / "c")))
    client = Client(Settings.from_environment())
    yield client
    client.machine.stop_supervisor()
    for run in client.runs.list(include_archived=True):
        identity = client.store.trainers.process_of(run.id)
        if identity is not None:
            ProcessIdentity(*identity).kill_group()
    for search in client.searches.list():
        controller = client.store.controllers.process_of(search.id)
        if controller is not None:
            ProcessIdentity(*controller).kill_group()
    client.store.close()
    st.cache_resource.clear()


@pytest.fixture
def open_page(lab: Client) -> Opener:
    """Open a page by its file's name, with parts of its address."""

    def opened(name: str, **address: str) -> AppTest:
        # The first page of a process imports everything; a busy machine needs a minute for that.
        app = AppTest.from_file(str(APP), default_timeout=180)
        app.switch_page(f"pages/{name}/{name}.py")
        for part, value in address.items():
            app.query_params[part] = value
        app.run()
        assert not app.exception
        return app

    return opened


def texts(app: AppTest) -> str:
    """All that a page says, one piece a line."""
    pieces = [*app.title, *app.subheader, *app.markdown, *app.caption, *app.info]
    pieces += [*app.warning, *app.error, *app.success]
    return "\n".join(str(piece.value) for piece in pieces)
