"""Labs in temporary folders, with everything that was started in them ended again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.figures import NotMeasured, Size
from core.client import Client
from core.datasets.status import DatasetState
from core.processes import ProcessIdentity
from core.records.runs import ACTIVE_STATES, Run, RunState
from core.settings import PROJECT_ROOT, Settings
from core.spec import Experiment
from core.spec.overrides import override

SHARED_DATA = PROJECT_ROOT.parent / "shared" / "data"
PATIENCE_S = 600.0
"""After so long a thing that was waited for counts as failed."""
_HERE = (DatasetState.READY, DatasetState.LOCAL)


class Session:
    """One call of the benchmarks: its size, its folder, and one decoded cache for all labs."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self.decode_s: float | None = None
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        folder = tempfile.TemporaryDirectory(prefix="convscope-bench-")
        self.folder = Path(self._ends.enter_context(folder))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ends.close()

    @contextmanager
    def lab(self) -> Iterator[Client]:
        """A lab of its own, without runs; whatever runs in it is ended in the end."""
        results = Path(tempfile.mkdtemp(prefix="lab-", dir=self.folder))
        client = Client(self._settings(results))
        try:
            yield client
        finally:
            end_everything(client)

    def prepared(self) -> None:
        """Decode the data set into this session's cache, once, and note how long it took.

        Raises NotMeasured when it is not on this machine.
        """
        if self.decode_s is not None:
            return
        settings = self._settings(self.folder)
        status = Client(settings).datasets.get(self.size.dataset)
        if status.state not in _HERE:
            raise NotMeasured(f"{self.size.dataset} is not on this machine: {status.sentence}")
        command = [sys.executable, "-m", "core.datasets.prepare", self.size.dataset]
        started = time.perf_counter()
        run_to_end(command, settings)
        self.decode_s = time.perf_counter() - started

    def experiment(self, *assignments: str) -> Experiment:
        """`basic_cnn` at this session's size: the least work a batch, so overhead shows most."""
        size = self.size
        return override(
            Client().experiments.preset("basic_cnn").experiment,
            [
                f"data.dataset={size.dataset}",
                f"data.train_size={size.train_size}",
                f"training.epochs={size.epochs}",
                *assignments,
            ],
        )

    def _settings(self, results: Path) -> Settings:
        data = Settings.from_environment().data
        if "CONVSCOPE_DATA" not in os.environ and (SHARED_DATA / "cifar10.zip").exists():
            data = SHARED_DATA  # where the tests look, too
        url = f"sqlite:///{results / 'convscope.sqlite'}"
        return Settings(results, data, self.folder / "cache", url, self.folder / "config")


def run_to_end(command: list[str], settings: Settings, **environment: str) -> str:
    """What a process of its own prints. Its error output is the failure's message."""
    done = subprocess.run(
        command,
        cwd=PROJECT_ROOT,
        env=os.environ | settings.to_environment() | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-2000:]}")
    return done.stdout


def finished(client: Client, runs: list[Run]) -> list[Run]:
    """Wait for runs; RuntimeError when one does not end well."""
    ended = client.runs.wait([run.id for run in runs], timeout_s=PATIENCE_S)
    for run in ended:
        if run.state is not RunState.FINISHED:
            reason = run.failure.message if run.failure else client.runs.log(run.id, 5)
            raise RuntimeError(f"Run {run.id} is {run.state}: {reason}")
    return ended


def until_training(client: Client, run_id: str) -> None:
    """Wait, looking every few milliseconds, until the run's first batch is done."""
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        run = client.runs.get(run_id)
        if run.epochs_done or (run.progress is not None and run.progress.batch > 0):
            return
        if not run.state.is_active:
            raise RuntimeError(f"Run {run_id} is {run.state}: {client.runs.log(run_id, 5)}")
        time.sleep(0.01)
    raise TimeoutError(f"Run {run_id} had no batch after {PATIENCE_S:.0f} s.")


def end_everything(client: Client) -> None:
    """Stop what runs in a lab, then its supervisor; kill what does not listen."""
    for search in client.searches.list():
        # First, or it would put a new trial in the place of each that is stopped.
        client.store.searches.end(search.id)
    active = [run.id for run in client.runs.list(states=ACTIVE_STATES)]
    for run_id in active:
        # Those that wait first, or the next would start as one ends.
        client.runs.stop(run_id)
    if active:
        client.runs.wait(active, timeout_s=40)
    client.machine.stop_supervisor()
    identities = [client.store.trainers.process_of(run_id) for run_id in active]
    identities += [
        client.store.controllers.process_of(search.id) for search in client.searches.list()
    ]
    for identity in identities:
        if identity is not None:
            ProcessIdentity(*identity).kill_group()
    client.close()
