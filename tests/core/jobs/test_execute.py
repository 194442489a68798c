"""A trainer from its first line to its verdict."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from core.jobs.execute import TEMPORARY
from core.records.phases import Phase
from core.records.runs import RunState
from core.training.installed_engines import PREFERENCE, installed_engines
from tests.core.datasets.loaders.test_keras_cache import put_fashion
from tests.core.jobs.lab import Lab, until

pytestmark = pytest.mark.processes


@pytest.mark.cifar10
def test_a_stop_does_not_wait_until_a_data_set_is_decoded(
    make_lab: Callable[..., Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A cache of its own, which is empty, so that the trainer decodes 60,000 images first.
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    lab = make_lab()
    lab.settings.data.mkdir(exist_ok=True)
    source = Path(os.environ["CONVSCOPE_DATA"]) / "cifar10.zip"
    (lab.settings.data / "cifar10.zip").symlink_to(source)
    run = lab.submit("cifar10")
    lab.start_supervisor()

    def is_decoding() -> bool:
        progress = lab.store.runs.get(run.id).progress
        return progress is not None and progress.phase is Phase.PREPARING_DATA

    until(is_decoding, 60)
    lab.store.runs.request_stop(run.id)
    stopped = lab.wait_for(run, RunState.STOPPED, RunState.FAILED, RunState.FINISHED)

    assert stopped.state is RunState.STOPPED
    assert lab.store.runs.events(run.id)[-1].reason == "stopped after epoch 0"
    assert not [path for path in lab.settings.cache.iterdir() if path.is_dir()]


@pytest.mark.slow
def test_data_out_of_keras_own_cache_does_not_settle_the_engine(
    make_lab: Callable[..., Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Reading them imports Keras, which takes whatever engine it is told of first: here one that
    # another program of this person uses, or none that is installed.
    monkeypatch.setenv("KERAS_BACKEND", PREFERENCE[-1].value)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("CONVSCOPE_CACHE", str(tmp_path / "cache"))
    put_fashion(tmp_path / "keras", num_images=300)
    lab = make_lab()
    run = lab.submit("fashion_mnist", epochs=1, engine=installed_engines()[0])
    lab.start_supervisor()
    ended = lab.wait_for(run, RunState.FINISHED, RunState.FAILED)

    assert ended.state is RunState.FINISHED, ended.failure
    assert ended.engine == installed_engines()[0]


@pytest.mark.slow
def test_no_passing_file_stays_behind_even_of_a_killed_trainer(
    make_lab: Callable[..., Lab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = tmp_path / "machines"
    machines.mkdir()
    monkeypatch.setenv("TMPDIR", str(machines))
    lab = make_lab()
    run = lab.submit("digits", epochs=1000)
    own = lab.settings.run_folder(run.id) / TEMPORARY
    lab.start_supervisor()
    until(lambda: lab.store.runs.get(run.id).epochs_done > 0)
    left = own / "left_by_the_first_attempt"
    left.touch()
    identity = lab.store.trainers.process_of(run.id)
    assert identity is not None
    os.kill(identity[0], signal.SIGKILL)
    until(lambda: lab.store.runs.get(run.id).attempt > 1)
    done = lab.store.runs.get(run.id).epochs_done
    until(lambda: lab.store.runs.get(run.id).epochs_done > done)
    assert own.exists()
    assert not left.exists()
    lab.store.runs.request_stop(run.id)
    lab.wait_for(run, RunState.STOPPED)

    assert not own.exists()
    assert not list(machines.iterdir())
