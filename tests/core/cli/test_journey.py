"""A whole journey at the terminal: launch, wait, look, predict, stop, resume, serve."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.client import Client
from core.records.runs import RunState
from core.settings import Settings
from tests.core.cli.conftest import COMMAND, Convscope

pytestmark = pytest.mark.processes

SMALL = ["basic_cnn", "--set", "data.dataset=digits", "--set", "data.train_size=100"]


def wait_until(condition: Callable[[], bool], timeout_s: float = 120.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_launch_wait_look_and_predict(convscope: Convscope, tmp_path: Path) -> None:
    launched = convscope(
        "run",
        *SMALL,
        "--set",
        "training.epochs=2",
        "--seeds",
        "1,2",
        "--name",
        "journey",
        "--tag",
        "a",
        "--wait",
        "--json",
    )
    assert launched.code == 0, launched.err
    ids = launched.json["runs"]
    assert len(ids) == 2
    assert "finished after 2 epochs" in launched.err
    listed = {run["id"]: run for run in convscope("runs", "--json").json}
    assert [listed[each]["state"] for each in ids] == ["finished", "finished"]

    shown = convscope("show", ids[1], "--json").json
    assert shown["config"]["seeds"] == [2]
    assert [row["epoch"] for row in shown["history"]] == [1, 2]
    names = {"loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"}
    assert names <= set(shown["history"][0])
    assert {"best_model", "checkpoint"} <= {each["kind"] for each in shown["artifacts"]}

    good, bad = tmp_path / "digit.png", tmp_path / "bad.png"
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(good)
    bad.write_bytes(b"not a picture")
    answered = convscope("predict", ids[0], str(good), str(bad), "missing.png", "--json")
    assert answered.code == 1
    first, second, third = answered.json
    assert first["image"] == str(good)
    assert len(first["top"]) == 5
    assert {"label", "probability"} == set(first["top"][0])
    assert "bad.png" in second["error"]
    assert "missing.png" in third["error"]
    assert convscope("predict", ids[0], str(good)).code == 0


def test_interrupting_the_wait_leaves_the_run_going_and_stop_and_resume_work(
    convscope: Convscope, environment: dict[str, str], settings: Settings, tmp_path: Path
) -> None:
    client = Client(settings)
    waiting = subprocess.Popen(
        [*COMMAND, "run", *SMALL, "--set", "training.epochs=300", "--name", "long", "--wait"],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever runs the tests in the background has Ctrl+C ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )

    def long_runs() -> list[str]:
        return [run.id for run in client.runs.list() if run.name == "long" and run.epochs_done > 0]

    wait_until(lambda: bool(long_runs()))
    [run_id] = long_runs()
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=30)
    assert run_id in out
    assert waiting.returncode == 130
    assert "go on in the background" in err
    assert "Traceback" not in err
    assert client.runs.get(run_id).state is RunState.RUNNING

    stopped = convscope("stop", run_id[:8], "--json")
    assert stopped.json["runs"][0]["id"] == run_id
    [run] = client.runs.wait([run_id], timeout_s=60)
    assert run.state is RunState.STOPPED
    done_before = run.epochs_done
    assert convscope("resume", run_id[:8]).code == 0
    wait_until(lambda: client.runs.get(run_id).epochs_done > done_before)
    resumed = convscope("show", run_id, "--json").json
    assert resumed["attempt"] == 2
    epochs = [row["epoch"] for row in resumed["history"]]
    assert epochs == list(range(1, len(epochs) + 1))
    convscope("stop", run_id)
    assert client.runs.wait([run_id], timeout_s=60)[0].state is RunState.STOPPED


def test_waiting_for_a_run_that_fails_ends_with_1(
    convscope: Convscope,
) -> None:
    done = convscope(
        "run",
        *SMALL,
        "--set",
        "training.epochs=3",
        "--set",
        "training.optimizer.kind=sgd",
        "--set",
        "training.learning_rate=10",
        "--set",
        "model.regularization.conv_l2=10",
        "--set",
        "model.regularization.dense_l2=10",
        "--wait",
        "--json",
    )
    [run_id] = done.json["runs"]
    shown = convscope("show", run_id, "--json").json
    assert shown["state"] == "failed"
    assert shown["error"]["code"] == "nan_loss"
    assert done.code == 1
    assert shown["error"]["message"] in done.err


def test_the_worker_runs_in_the_foreground_and_there_is_one(
    convscope: Convscope, environment: dict[str, str], settings: Settings, tmp_path: Path
) -> None:
    convscope("worker", "--stop")
    client = Client(settings)
    assert not client.machine.supervisor().is_running
    worker = subprocess.Popen(
        [*COMMAND, "worker"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    wait_until(lambda: client.machine.supervisor().is_running)
    assert client.machine.supervisor().pid == worker.pid
    second = convscope("worker")
    assert second.code == 1
    assert str(worker.pid) in second.err
    assert "has ended" in convscope("worker", "--stop").err
    _, err = worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert "Working on" in err


def test_serve_prints_the_address_and_answers_there(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [*COMMAND, "serve", "--port", str(port)],
        env=environment,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        [address] = re.findall(r"http://127\.0\.0\.1:\d+", line)
        wait_until(lambda: _answers(f"{address}/_stcore/health"))
        # What was queued on an earlier day goes on as soon as the lab is open.
        assert Client(Settings.from_environment(environment)).machine.supervisor().is_running
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) is not None
        assert not _answers(f"{address}/_stcore/health")
    finally:
        if server.poll() is None:
            server.kill()
        server.communicate()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
