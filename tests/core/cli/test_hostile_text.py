"""Hostile text in every argument, verb and file: done or a sentence, and the lab goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from core.cli import app
from core.client import Client
from core.client.machine import Machine
from core.errors import ConvscopeError
from core.records.runs import Run
from core.settings import PROJECT_ROOT, Settings
from tests.core.cli.hostile_text import contents, texts
from tests.core.client.searching import lived_search, small_search
from tests.core.store.lives import queued

pytestmark = [pytest.mark.slow, pytest.mark.processes, pytest.mark.timeout(600)]

X, RUN, FILE = "<text>", "<run>", "<file>"
COMMANDS: tuple[tuple[str, ...], ...] = (
    (X,),
    ("run", X),
    ("run", FILE, "--tag", X),
    ("run", FILE, "--name", X),
    ("run", FILE, "--set", X),
    ("run", FILE, "--set", f"name={X}"),
    ("run", FILE, "--grid", X),
    ("run", FILE, "--set", f"notes='{X}'"),
    ("run", FILE, "--set", f"data.dataset={X}"),
    ("run", FILE, "--grid", f"training.epochs={X}"),
    ("run", FILE, "--seeds", X),
    ("describe", X),
    ("describe", FILE, "--set", X),
    ("runs", "--state", X),
    ("show", X),
    ("stop", X),
    ("resume", X),
    ("predict", X, "none.png"),
    ("predict", RUN, X, "--json"),
    ("search", X),
    ("search", "lab_search", "--name", X),
    ("search", "lab_search", "--set", X),
    ("trials", X),
    ("pause", X),
    ("end", X),
    ("promote", X),
    ("promote", "small", "--seeds", X),
    ("data", "--prepare", X),
    ("runs", f"--{X}"),
)
PER_COMMAND = 10
PER_VERB = 8
NUM_FILES = 80
MOST_SAID = 20_000


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_starts: None) -> Iterator[Client]:
    monkeypatch.setenv("CONVSCOPE_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    client = Client(Settings.from_environment())
    lived_search(client)
    yield client
    client.close()


@pytest.fixture
def nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is launched stays in the queue: the promise is about what is written."""
    monkeypatch.setattr(Machine, "ensure_supervisor", lambda self: None)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "small.toml"
    found.write_text('[data]\ndataset = "digits"\n[training]\nepochs = 2\n', encoding="utf-8")
    return found


def test_the_command_line(lab: Client, file: Path) -> None:
    [run] = queued(lab.store)
    runner = CliRunner()
    for seed, command in enumerate(COMMANDS):
        for text in texts(seed, PER_COMMAND, in_arguments=True):
            filled = [
                each.replace(X, text).replace(RUN, run.id).replace(FILE, str(file))
                for each in command
            ]
            done = runner.invoke(app, filled)
            what = f"{command} with {text[:60]!r}"
            assert done.exception is None or isinstance(done.exception, SystemExit), what
            assert done.exit_code in (0, 1, 2), what
            assert "Traceback" not in done.stderr, what
            if done.exit_code:
                assert done.stderr.strip(), what
                assert len(done.stderr) < MOST_SAID, what
    _goes_on(lab)


def test_the_client(lab: Client, tmp_path: Path) -> None:
    [run] = queued(lab.store)
    verbs = _verbs(lab, run)
    for seed, verb in enumerate(verbs):
        for text in texts(1000 + seed, PER_VERB):
            try:
                verb(text)
            except ConvscopeError as error:
                assert len(str(error)) < MOST_SAID
                str(error).encode(errors="backslashreplace")
            except Exception as error:
                raise AssertionError(f"verb {seed} with {text[:60]!r}") from error
    _goes_on(lab)


def test_files(lab: Client, tmp_path: Path) -> None:
    for index, content in enumerate(contents(7, NUM_FILES)):
        path = tmp_path / f"{index}.toml"
        path.write_bytes(content)
        for read in (lab.experiments.read, lab.grids.read, lab.search_drafts.read):
            try:
                read(str(path))
            except ConvscopeError as error:
                assert len(str(error)) < MOST_SAID
    huge = tmp_path / "huge.toml"
    huge.write_bytes(b"#" * 50_000_000)
    for path in (huge, Path("/dev/zero"), tmp_path):
        with pytest.raises(ConvscopeError):
            lab.experiments.read(str(path) if path.suffix else f"{path}/")
    _goes_on(lab)


@pytest.mark.parametrize(
    "arguments",
    [
        (b"trials", b"\xff"),
        (b"run", b"basic_cnn", b"--tag", b"caf\xe9"),
        (b"show", b"\xed\xa0\x80"),
        (b"predict", b"00", b"\xff.png", b"--json"),
        (b"caf\xe9",),
        (b"runs", b"--state", b"\xff"),
    ],
)
def test_bytes_that_are_not_utf8_end_in_a_sentence(
    lab: Client, arguments: tuple[bytes, ...]
) -> None:
    command = [os.fsencode(sys.executable), b"-m", b"core.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT_ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60)
    assert done.returncode in (1, 2)
    assert b"Traceback" not in done.stderr
    assert done.stderr.strip()
    done.stderr.decode()


def test_a_supervisor_starts_after_all_of_it(
    lab: Client, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in texts(5, 30):
        with suppress(ConvscopeError):
            lab.runs.submit(lab.experiments.read(str(file))[0], tags=[text])
    for run in lab.runs.queue():
        lab.runs.stop(run.id)
    monkeypatch.undo()
    client = Client(lab.settings)
    try:
        assert client.machine.ensure_supervisor().is_running
    finally:
        client.machine.stop_supervisor()
        client.close()


def _goes_on(lab: Client) -> None:
    """Everything is listed, and nothing in it is unreadable."""
    assert lab.runs.list(include_archived=True)
    assert lab.searches.list()
    lab.runs.queue()
    assert lab.unreadable.list(everything=True) == []
    done = CliRunner().invoke(app, ["runs", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)
    # What was launched stays queued here, and the command says so.
    assert done.stderr == "" or done.stderr.startswith("No job runner is active")


def _verbs(lab: Client, run: Run) -> list[Callable[[str], Any]]:
    base, other = lab.runs.clone(run.id), small_search(name="other")
    return [
        lambda text: lab.runs.submit(base, tags=[text]),
        lambda text: lab.runs.submit(base, preset=text),
        lambda text: lab.runs.submit(base.model_copy(update={"name": text})),
        lambda text: lab.runs.submit(base.model_copy(update={"notes": text})),
        lambda text: lab.runs.rename(run.id, text),
        lambda text: lab.runs.set_tags(run.id, [text, text]),
        lambda text: lab.runs.set_notes(run.id, text),
        lab.runs.get,
        lambda text: lab.runs.list(ids=[text]),
        lab.metrics.history,
        lab.runs.events,
        lab.artifacts,
        lab.runs.log,
        lab.runs.stop,
        lab.runs.resume,
        lab.runs.delete,
        lab.runs.archive,
        lambda text: lab.runs.move_in_queue(text, 0),
        lab.experiments.preset,
        lab.experiments.read,
        lab.grids.read,
        lab.search_drafts.read,
        lab.searches.get,
        lab.trials,
        lab.searches.log,
        lambda text: lab.searches.rename("small", text) and lab.searches.rename(text, "small"),
        lambda text: lab.searches.submit(other.model_copy(update={"name": text})),
        lambda text: lab.searches.submit(small_search(name="a base"), base_run_id=text),
        lambda text: lab.trials.enqueue("small", {text: 1}),
        lambda text: lab.trials.enqueue("small", {"dropout": text, "rate": text}),
        lambda text: lab.trials.stop(text, 1),
        lab.searches.delete,
        lab.datasets.get,
        lab.datasets.prepare,
        lambda text: lab.metrics.frame([text]),
    ]
