"""Runs: launch, list, stop, resume, describe, delete, wait."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core.client.demo import TAG, demo_experiments
from core.client.experiments import Experiments
from core.client.folders import remove_folder
from core.client.held_work import HeldWorkControl
from core.client.lab import Lab
from core.client.machine import Machine
from core.client.waiting import OnChange, Waiter
from core.errors import InvalidExperiment, SupervisorUnavailable
from core.records.runs import Run, RunEvent, RunState
from core.spec import Experiment, parse

Launch = tuple[Experiment, str | None]
"""An experiment, and the preset it came from."""


class Runs:
    """Runs and what can be done with one. Each verb takes a unique start of an id."""

    def __init__(
        self,
        lab: Lab,
        machine: Machine,
        held_work: HeldWorkControl,
        experiments: Experiments,
        waiter: Waiter,
    ) -> None:
        self._lab, self._machine, self._held_work = lab, machine, held_work
        self._experiments, self._waiter = experiments, waiter

    def submit(
        self, experiment: Experiment, *, preset: str | None = None, tags: Iterable[str] = ()
    ) -> list[Run]:
        """Queue one run for each seed, all or none, and see that a supervisor is at work.

        Raises InvalidExperiment listing every field that is wrong; nothing is written then.
        DecisionsError when nothing could start here (see `require_startable`): nothing is
        written then either. SupervisorUnavailable when none comes up; the runs then wait for one
        in the queue.
        """
        errors = self._experiments.check(experiment)
        if errors:
            raise InvalidExperiment(errors)
        return self.queue_checked([(experiment, preset)], tags)

    def submit_together(self, launches: Sequence[Launch], *, tags: Iterable[str] = ()) -> list[Run]:
        """Queue the runs of several experiments. Raises as `submit`, naming whose field it is."""
        errors = [
            replace(error, message=f"{experiment.name or preset or 'experiment'}: {error.message}")
            for experiment, preset in launches
            for error in self._experiments.check(experiment)
        ]
        if errors:
            raise InvalidExperiment(errors)
        return self.queue_checked(launches, tags)

    def queue_checked(
        self, launches: Sequence[tuple[Experiment, str | None]], tags: Iterable[str]
    ) -> list[Run]:
        """Queue what was checked already, as one group, and see that a supervisor is active."""
        self._held_work.require_startable()
        runs = self._lab.store.runs.add_together(launches, tags=tags)
        try:
            self._machine.ensure_supervisor()
        except SupervisorUnavailable as error:
            raise SupervisorUnavailable(f"Queued, but nothing starts it: {error}") from error
        return runs

    def start_demo(self) -> list[Run]:
        """Queue the two runs on digits that an empty lab offers."""
        return [run for each in demo_experiments() for run in self.submit(each, tags=(TAG,))]

    def get(self, run_id: str) -> Run:
        """One run. Raises RunNotFound, also when several ids begin so."""
        return self._lab.store.runs.get(run_id)

    def events(self, run_id: str) -> list[RunEvent]:
        """What happened to a run, in order."""
        return self._lab.store.runs.events(self.get(run_id).id)

    def log(self, run_id: str, num_lines: int = 200) -> str:
        """The last lines that a run's trainer wrote; empty when it wrote none.

        Raises ArtifactCorrupt when the log is a link to elsewhere.
        """
        from core.jobs.launch import LOG_NAME
        from core.jobs.logs import tail
        from core.store.artifact_files import file_below

        folder = self._lab.settings.run_folder(self.get(run_id).id)
        return tail(file_below(folder, LOG_NAME), num_lines)

    def stop(self, run_id: str) -> None:
        """Take a run out of the queue, or have its trainer stop after its batch.

        Raises RunStateError when the run has ended.
        """
        if self._lab.store.runs.request_stop(self.get(run_id).id) is RunState.STOPPING:
            # A trainer that hangs is ended by the supervisor.
            self._machine.ensure_supervisor()

    def resume(self, run_id: str) -> None:
        """Queue a stopped, failed or lost run again, to go on from its checkpoint.

        Raises DecisionsError when nothing could start here; the run stays as it is then.
        """
        run = self.get(run_id)
        self._held_work.require_startable()
        self._lab.store.runs.resume(run.id)
        self._machine.ensure_supervisor()

    def delete(self, run_id: str) -> None:
        """Forget an ended run and remove its files. Raises RunStateError while it is active."""
        run = self.get(run_id)
        self._lab.store.runs.delete(run.id)
        remove_folder(self._lab.settings.run_folder(run.id))

    def clone(self, run_id: str) -> Experiment:
        """The experiment of a run, to change and launch again."""
        return parse(self.get(run_id).config)

    def rename(self, run_id: str, name: str) -> None:
        """Call a run something else."""
        self._lab.store.runs.rename(self.get(run_id).id, name)

    def set_tags(self, run_id: str, tags: Iterable[str]) -> None:
        """Replace a run's tags."""
        self._lab.store.runs.set_tags(self.get(run_id).id, tags)

    def set_notes(self, run_id: str, text: str) -> None:
        """Replace a run's notes."""
        self._lab.store.runs.set_notes(self.get(run_id).id, text)

    def archive(self, run_id: str, archived: bool = True) -> None:
        """Take a run out of the lists, or put it back."""
        self._lab.store.runs.archive(self.get(run_id).id, archived)

    def queue(self) -> list[Run]:
        """Queued runs in the order in which they will start."""
        return self._lab.store.runs.queue()

    def move_in_queue(self, run_id: str, to_index: int) -> None:
        """Put a queued run at a place; 0 starts next."""
        self._lab.store.runs.move_in_queue(self.get(run_id).id, to_index)

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
        ids = self._lab.store.runs.find_ids(run_ids)
        return self._waiter.wait_until(
            lambda: self.list(ids=ids),
            lambda runs: not any(run.state.is_active for run in runs),
            timeout_s,
            on_change,
        )

    def list(
        self,
        *,
        ids: Sequence[str] | None = None,
        states: Iterable[RunState] | None = None,
        include_archived: bool = False,
    ) -> list[Run]:
        """Runs, oldest first, or in the order of ``ids``, archived ones too. RunNotFound."""
        archived_too = include_archived or ids is not None
        if ids is not None:
            ids = self._lab.store.runs.find_ids(ids)
        return self._lab.store.runs.list(ids=ids, states=states, include_archived=archived_too)
