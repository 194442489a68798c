"""Progress of runs and searches: bars on a terminal, a line per change elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.cli.output import say
from core.records.runs import Progress, Run, RunState
from core.records.searches import SearchRecord, Trial
from core.text import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

ShowRuns = Callable[[list[Run]], None]
ShowSearch = Callable[[SearchRecord, list[Trial]], None]


def progress_bars() -> Bars:
    """Bars on standard error, which must be a terminal. Use as a context.

    A task has a ``description`` to the left of its bar and a field ``detail`` to the right.
    """
    # Imported here: only commands that wait on a terminal need it.
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    return Bars(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[detail]}", markup=False),
        console=Console(stderr=True, highlight=False),
    )


@contextmanager
def run_progress() -> Iterator[ShowRuns]:
    """A function that shows the progress of runs: call it whenever they have changed."""
    if not sys.stderr.isatty():
        yield _RunLines().show
        return
    with progress_bars() as bars:
        yield _RunBars(bars).show


@contextmanager
def search_progress() -> Iterator[ShowSearch]:
    """A function that shows the progress of a search: call it whenever that has changed."""
    if not sys.stderr.isatty():
        yield _TrialLines(say).show
        return
    with progress_bars() as bars:
        yield _SearchBar(bars).show


def progress_line(run: Run) -> str:
    """A run's name, state and progress in one line."""
    return f"{_name(run)}: {_state(run)}"


class _RunLines:
    """A line whenever a run changes its state or finishes an epoch."""

    def __init__(self) -> None:
        self._shown: set[tuple[str, str, int]] = set()

    def show(self, runs: list[Run]) -> None:
        for run in runs:
            key = (run.id, run.state, run.epochs_done)
            if key not in self._shown:
                self._shown.add(key)
                say(progress_line(run))


class _RunBars:
    """A bar for each run that trains, and one for all of several runs."""

    def __init__(self, bars: Bars) -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def show(self, runs: list[Run]) -> None:
        num_active = sum(run.state.is_active for run in runs)
        if len(runs) > 1:
            ended = len(runs) - num_active
            self._update("", "all runs", ended, len(runs), f"{ended}/{len(runs)} ended")
        for run in runs:
            # Queued runs have no bar: a grid has more of them than a terminal has lines.
            visible = run.state in (RunState.RUNNING, RunState.STOPPING) or len(runs) == 1
            self._update(run.id, _name(run), _epochs(run), run.epochs, _state(run), visible=visible)

    def _update(
        self,
        key: str,
        description: str,
        completed: float,
        total: float,
        detail: str,
        *,
        visible: bool = True,
    ) -> None:
        if key not in self._tasks:
            self._tasks[key] = self._bars.add_task(description, visible=visible, detail=detail)
        self._bars.update(
            self._tasks[key], completed=completed, total=total, detail=detail, visible=visible
        )


class _TrialLines:
    """A line for each trial that has ended."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._shown: set[int] = set()

    def show(self, found: SearchRecord, trials: list[Trial]) -> None:
        for trial in trials:
            if trial.state.is_ended and trial.number not in self._shown:
                self._shown.add(trial.number)
                self._write(_trial_line(trial, found.budget["max_trials"]))


class _SearchBar:
    """A bar of the trials that have ended, below a line for each of them."""

    def __init__(self, bars: Bars) -> None:
        self._bars, self._lines = bars, _TrialLines(self._write)
        self._task: TaskID | None = None

    def show(self, found: SearchRecord, trials: list[Trial]) -> None:
        self._lines.show(found, trials)
        ended, most = sum(trial.state.is_ended for trial in trials), found.budget["max_trials"]
        detail = f"{found.state}, {ended}/{most} trials"
        if found.best_score is not None:
            detail += f", best score {found.best_score:.4f}"
        if self._task is None:
            self._task = self._bars.add_task(printable(found.name), detail=detail)
        self._bars.update(self._task, completed=ended, total=most, detail=detail)

    def _write(self, line: str) -> None:
        from rich.text import Text

        # As Text, because Rich reads square brackets in a string as markup.
        self._bars.console.print(Text(printable(line)), soft_wrap=True)


def _name(run: Run) -> str:
    return f"{printable(run.name)} (seed {run.seed})"


def _state(run: Run) -> str:
    """State, epochs, the phase with its own progress, and the best score."""
    if run.state is RunState.QUEUED:
        return str(run.state)
    shown = f"{run.state}, epoch {run.epochs_done}/{run.epochs}"
    progress = run.progress
    if progress is not None and run.state.is_active:
        shown += f", {progress.phase.label}{_share(progress)}"
    if run.best is not None:
        shown += f", best validation accuracy {run.best.val_accuracy:.4f}"
    return shown


def _share(progress: Progress) -> str:
    if progress.batches is not None:
        done, total = progress.batches
        return f" {done}/{total}"
    return "" if progress.fraction is None else f" {100 * progress.fraction:.0f} %"


def _epochs(run: Run) -> float:
    """Finished epochs, and the share of the current one that is done."""
    batches = run.progress.batches if run.progress is not None and run.state.is_active else None
    return run.epochs_done if batches is None else run.epochs_done + batches[0] / batches[1]


def _trial_line(trial: Trial, num_trials: int) -> str:
    values = ", ".join(f"{name} {_value(value)}" for name, value in trial.values.items())
    score = "" if trial.score is None else f", score {trial.score:.4f}"
    reason = f" ({trial.reason})" if trial.reason else ""
    return f"trial {trial.number} of {num_trials} {trial.state}{score}: {values}{reason}"


def _value(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
