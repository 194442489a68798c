"""The client's verbs about runs: launch, look, stop, resume, describe, delete, wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from core.client.demo import TAG, demo_experiments
from core.client.experiments import ExperimentVerbs
from core.client.folders import remove_folder
from core.client.frames import metrics_frame
from core.client.histories import history, scores_on_test
from core.client.machine import MachineVerbs
from core.client.waiting import OnChange, wait
from core.errors import InvalidExperiment, RunStateError, SupervisorUnavailable
from core.records.runs import Artifact, Run, RunEvent, RunState
from core.spec import Experiment, parse

if TYPE_CHECKING:
    import pandas as pd


class RunVerbs(ExperimentVerbs, MachineVerbs):
    """Runs and everything that can be done with one. Each verb takes a unique start of an id."""

    def submit(
        self, experiment: Experiment, *, preset: str | None = None, tags: Iterable[str] = ()
    ) -> list[Run]:
        """Queue one run for each seed, all or none, and see that a supervisor is at work.

        Raises InvalidExperiment listing every field that is wrong; nothing is written then.
        DecisionsError when nothing could start here (see `require_startable`): nothing is
        written then either. SupervisorUnavailable when none comes up; the runs then wait for one
        in the queue.
        """
        errors = self.check(experiment)
        if errors:
            raise InvalidExperiment(errors)
        return self._queue([(experiment, preset)], tags)

    def _queue(
        self, launches: Sequence[tuple[Experiment, str | None]], tags: Iterable[str]
    ) -> list[Run]:
        """What was checked: queued as one group, with a supervisor at work."""
        self.require_startable()
        runs = self.store.runs.add_together(launches, tags=tags)
        try:
            self.ensure_supervisor()
        except SupervisorUnavailable as error:
            raise SupervisorUnavailable(f"Queued, but nothing starts it: {error}") from error
        return runs

    def start_demo(self) -> list[Run]:
        """Queue the two runs on digits that an empty lab offers."""
        return [run for each in demo_experiments() for run in self.submit(each, tags=(TAG,))]

    def runs(
        self,
        *,
        ids: Sequence[str] | None = None,
        states: Iterable[RunState] | None = None,
        include_archived: bool = False,
    ) -> list[Run]:
        """Runs, oldest first, or in the order of ``ids``, archived ones too. RunNotFound."""
        archived_too = include_archived or ids is not None
        if ids is not None:
            ids = self.store.runs.find_ids(ids)
        return self.store.runs.list(ids=ids, states=states, include_archived=archived_too)

    def run(self, run_id: str) -> Run:
        """One run. Raises RunNotFound, also when several ids begin so."""
        return self.store.runs.get(run_id)

    def metrics(self, run_ids: Sequence[str]) -> pd.DataFrame:
        """A long frame: run_id, epoch, split, name, value, seconds, images. RunNotFound."""
        return metrics_frame(self.store.metrics.columns(self.store.runs.find_ids(run_ids)))

    def last_metrics(self) -> dict[str, dict[str, float]]:
        """The last finished epoch of every run, by run id and ``split name``; no test scores."""
        return self.store.metrics.last()

    def history(self, run_id: str) -> list[dict[str, Any]]:
        """One row an epoch under Keras' names: epoch, loss, accuracy, val_loss, ..."""
        return history(self.store.metrics.list([self.run(run_id).id]))

    def test_scores(self, run_id: str) -> dict[str, Any] | None:
        """What the last look at the test images gave, and of which epoch; None without one."""
        return scores_on_test(self.store.metrics.list([self.run(run_id).id]))

    def events(self, run_id: str) -> list[RunEvent]:
        """What happened to a run, in order."""
        return self.store.runs.events(self.run(run_id).id)

    def artifacts(self, run_id: str) -> list[Artifact]:
        """Files that a run left behind."""
        return self.store.artifacts.list(self.run(run_id).id)

    def has_file(self, artifact: Artifact) -> bool:
        """Whether the file of an artifact is there, below its run's folder."""
        from core.store.artifact_files import is_there

        return is_there(self.settings.run_folder(artifact.run_id), artifact.path)

    def read_artifact(self, artifact: Artifact) -> bytes:
        """The content of an artifact that is one file.

        Raises ArtifactCorrupt when it leads out of its run's folder or cannot be read.
        """
        from core.store.artifact_files import read_below

        return read_below(self.settings.run_folder(artifact.run_id), artifact.path)

    def log(self, run_id: str, num_lines: int = 200) -> str:
        """The last lines that a run's trainer wrote; empty when it wrote none.

        Raises ArtifactCorrupt when the log is a link to elsewhere.
        """
        from core.jobs.launch import LOG_NAME
        from core.jobs.logs import tail
        from core.store.artifact_files import file_below

        folder = self.settings.run_folder(self.run(run_id).id)
        return tail(file_below(folder, LOG_NAME), num_lines)

    def stop(self, run_id: str) -> None:
        """Take a run out of the queue, or have its trainer stop after its batch.

        Raises RunStateError when the run has ended.
        """
        if self.store.runs.request_stop(self.run(run_id).id) is RunState.STOPPING:
            # A trainer that hangs is ended by the supervisor.
            self.ensure_supervisor()

    def resume(self, run_id: str) -> None:
        """Queue a stopped, failed or lost run again, to go on from its checkpoint.

        Raises DecisionsError when nothing could start here; the run stays as it is then.
        """
        run = self.run(run_id)
        self.require_startable()
        self.store.runs.resume(run.id)
        self.ensure_supervisor()

    def delete(self, run_id: str) -> None:
        """Forget an ended run and remove its files. Raises RunStateError while it is active."""
        run = self.run(run_id)
        self.store.runs.delete(run.id)
        remove_folder(self.settings.run_folder(run.id))

    def clone(self, run_id: str) -> Experiment:
        """The experiment of a run, to change and launch again."""
        return parse(self.run(run_id).config)

    def rename(self, run_id: str, name: str) -> None:
        """Call a run something else."""
        self.store.runs.rename(self.run(run_id).id, name)

    def set_tags(self, run_id: str, tags: Iterable[str]) -> None:
        """Replace a run's tags."""
        self.store.runs.set_tags(self.run(run_id).id, tags)

    def set_notes(self, run_id: str, text: str) -> None:
        """Replace a run's notes."""
        self.store.runs.set_notes(self.run(run_id).id, text)

    def archive(self, run_id: str, archived: bool = True) -> None:
        """Take a run out of the lists, or put it back."""
        self.store.runs.archive(self.run(run_id).id, archived)

    def queue(self) -> list[Run]:
        """Queued runs in the order in which they will start."""
        return self.store.runs.queue()

    def move_in_queue(self, run_id: str, to_index: int) -> None:
        """Put a queued run at a place; 0 starts next."""
        self.store.runs.move_in_queue(self.run(run_id).id, to_index)

    def wait(
        self,
        run_ids: Sequence[str],
        timeout_s: float | None = None,
        on_change: OnChange | None = None,
    ) -> list[Run]:
        """Wait until all have ended and give them back as they then are.

        After ``timeout_s`` they come back as they are. ``on_change`` is called with the runs
        whenever something changed. Raises WorkHeld where nothing starts before a release.
        """
        return wait(self, self.store.runs.find_ids(run_ids), timeout_s, on_change)

    def request_test(self, run_id: str) -> None:
        """Score a run's best network on the test images, on purpose, in a process of its own.

        The look is recorded in the run's events. Raises RunStateError before a first epoch.
        """
        from core.client.processes import start_job

        run = self.run(run_id)
        if run.best is None:
            raise RunStateError("The run has no finished epoch yet: there is nothing to test.")
        folder = self.settings.run_folder(run.id)
        if not folder.is_dir():
            raise RunStateError(f"The run's files are gone ({folder}): no network can be tested.")
        log = folder / "test.log"
        start_job("core.jobs.evaluate", "--run", run.id, settings=self.settings, log=log)

    def revision(self) -> int:
        """A number that changes whenever anything a page shows has changed."""
        return self.store.revision()
