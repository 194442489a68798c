"""The command says that a queue is held, and releases it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.client import Client
from core.records.runs import RunState
from core.settings import PROJECT_ROOT, Settings
from core.spec import parse
from core.spec.files import experiment_to_toml
from core.store.store import Store
from tests.core.cli.conftest import COMMAND, Done


@pytest.fixture
def theirs(tmp_path: Path) -> Settings:
    """A lab with a run in its queue, made by another user."""
    names = ("results", "data", "cache", "config")
    environment = {f"CONVSCOPE_{each.upper()}": str(tmp_path / each) for each in names}
    settings = Settings.from_environment(environment)
    with Store.open(settings) as store:
        # A data set that is not there: nothing trains.
        store.runs.add(parse({"data": {"dataset": "cifar10"}, "training": {"epochs": 1}}))
    return settings


@pytest.fixture
def call(theirs: Settings, tmp_path: Path) -> Iterator[Callable[..., Done]]:
    mine = replace(theirs, config=tmp_path / "my config")

    def called(*arguments: str) -> Done:
        done = subprocess.run(
            [*COMMAND, *arguments],
            env={"PATH": "", "PYTHONPATH": str(PROJECT_ROOT), **mine.to_environment()},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    yield called
    Client(mine).machine.stop_supervisor()


@pytest.mark.parametrize("arguments", [("runs",), ("runs", "--json"), ("searches",)])
def test_commands_that_show_a_held_queue_say_so_on_standard_error(
    arguments: tuple[str, ...], call: Callable[..., Done]
) -> None:
    done = call(*arguments)
    assert done.code == 0
    assert "The queue is held" in done.err
    assert "before, and it contains 1 run. convscope release starts them" in done.err
    assert "held" not in done.out


def test_release_ends_it(call: Callable[..., Done], theirs: Settings) -> None:
    done = call("release")
    assert (done.code, done.err.strip()) == (0, "Released: 1 run.")
    assert "held" not in call("runs").err
    assert call("release").err.strip() == "Nothing is held here."


def test_release_can_stop_the_work_instead(call: Callable[..., Done], theirs: Settings) -> None:
    done = call("release", "--stop")
    assert (done.code, done.err.strip()) == (0, "Stopped: 1 run.")
    with Store.open(theirs) as store:
        assert [run.state for run in store.runs.list()] == [RunState.STOPPED]


def test_a_decision_that_cannot_be_stored_is_a_sentence(
    call: Callable[..., Done], tmp_path: Path
) -> None:
    (tmp_path / "my config").write_text("a file in its place")
    done = call("release")
    assert done.code == 1
    assert "CONVSCOPE_CONFIG" in done.err
    assert "Traceback" not in done.err


def test_a_configuration_folder_that_cannot_be_written_to_is_named_as_the_reason(
    call: Callable[..., Done], tmp_path: Path
) -> None:
    (tmp_path / "my config").write_text("a file in its place")
    done = call("runs")
    assert done.code == 0
    assert f"contains 1 run, and {tmp_path / 'my config'} cannot be written to" in done.err
    assert "set CONVSCOPE_CONFIG" in done.err
    assert "not opened" not in done.err


def test_a_launch_into_a_held_queue_says_so(call: Callable[..., Done], tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(experiment_to_toml(parse({"data": {"dataset": "digits"}})), encoding="utf-8")
    done = call("run", "mine.toml")
    assert done.code == 0, done.err
    assert "it contains 2 runs" in done.err


def test_waiting_in_a_held_lab_fails_and_names_the_way_out(
    call: Callable[..., Done], tmp_path: Path
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(experiment_to_toml(parse({"data": {"dataset": "digits"}})), encoding="utf-8")
    done = call("run", "mine.toml", "--wait")
    assert done.code == 1
    assert "waiting would never end. convscope release starts them" in done.err
