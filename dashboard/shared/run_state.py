"""A run's state, progress and scores in words. Scores name split, epoch, and best or last."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.records.phases import Phase
from core.records.runs import Run, RunState
from dashboard.shared.text import counted, duration, percent

COLOURS = {
    RunState.QUEUED: "gray",
    RunState.RUNNING: "blue",
    RunState.STOPPING: "orange",
    RunState.STOPPED: "orange",
    RunState.FINISHED: "green",
    RunState.FAILED: "red",
    RunState.LOST: "red",
}
ICONS = {
    RunState.QUEUED: ":material/schedule:",
    RunState.RUNNING: ":material/play_arrow:",
    RunState.STOPPING: ":material/stop_circle:",
    RunState.STOPPED: ":material/stop_circle:",
    RunState.FINISHED: ":material/check_circle:",
    RunState.FAILED: ":material/error:",
    RunState.LOST: ":material/help:",
}
SIGNS = {
    RunState.QUEUED: "◷ queued",
    RunState.RUNNING: "▶ running",
    RunState.STOPPING: "◼ stopping",
    RunState.STOPPED: "◼ stopped",
    RunState.FINISHED: "✔ finished",
    RunState.FAILED: "✖ failed",
    RunState.LOST: "? lost",
}
"""For table cells: a sign and a word, so that colour is not needed."""


def badge(run: Run) -> None:
    """Show the state as a coloured badge."""
    st.badge(run.state.value, icon=ICONS[run.state], color=COLOURS[run.state])  # type: ignore[arg-type]


def best(run: Run) -> str:
    """``best validation accuracy 71.2 % in epoch 3 of 10``, or that there is none yet."""
    if run.best is None:
        return "no finished epoch yet"
    return (
        f"best validation accuracy **{percent(run.best.val_accuracy)}** "
        f"in epoch {run.best.epoch} of {run.epochs_done}"
    )


def fraction(run: Run) -> float:
    """The finished share of the run, 0 to 1, with the batches of the current epoch."""
    done = float(run.epochs_done)
    progress = run.progress
    if progress and progress.num_batches and progress.epoch > run.epochs_done:
        batch, total = progress.batches or (1, 1)  # validating, saving: its batches are done
        done += min(1.0, batch / total)
    return min(1.0, done / run.epochs) if run.epochs else 0.0


def doing(run: Run) -> str:
    """What the run is doing now: phase, epoch, batch."""
    progress = run.progress
    if run.state is RunState.STOPPING:
        return "stopping after this batch"
    if progress is None:
        return "starting"
    if progress.batches is not None:
        batch, total = progress.batches
        what = "fine-tuning, " if progress.phase is Phase.FINE_TUNING else ""
        return f"{what}epoch {progress.epoch} of {run.epochs}, batch {batch:,} of {total:,}"
    share = "" if progress.fraction is None else f" ({100 * progress.fraction:.0f} %)"
    where = f", epoch {progress.epoch} of {run.epochs}" if progress.epoch else ""
    return f"{progress.phase.label}{share}{where}"


def live_scores(run: Run) -> str:
    """Running means of the current epoch, with their split; empty before the first batch."""
    metrics = (run.progress.metrics if run.progress else None) or {}
    if "accuracy" not in metrics:
        return ""
    loss = f", loss {metrics['loss']:.3g}" if "loss" in metrics else ""
    return f"training accuracy {percent(metrics['accuracy'])}{loss} in this epoch so far"


def remaining_s(run: Run) -> float | None:
    """Estimated seconds until the current segment ends; None: not known."""
    progress = run.progress
    if progress is None or progress.seconds_per_epoch is None:
        return None
    last = run.epochs - (fine_tuning_epochs(run) if is_before_fine_tuning(run) else 0)
    return progress.seconds_per_epoch * max(0.0, last - run.epochs * fraction(run))


def fine_tuning_epochs(run: Run) -> int:
    """The number of fine-tuning epochs; 0 without fine-tuning."""
    return int((run.config["training"].get("fine_tuning") or {}).get("epochs", 0))


def is_before_fine_tuning(run: Run) -> bool:
    """Whether fine-tuning is still to come, whose epochs take longer or shorter."""
    tuning = fine_tuning_epochs(run)
    current = max(run.epochs_done, run.progress.epoch - 1 if run.progress else 0)
    return tuning > 0 and current < run.epochs - tuning


def eta(run: Run) -> str:
    """``about 3 min left`` (until fine-tuning, if it is to come), or that it is not known yet."""
    left = remaining_s(run)
    if left is None:
        return "time left not known yet"
    if is_before_fine_tuning(run):
        tuning = counted(fine_tuning_epochs(run), "epoch")
        return f"about {duration(max(1.0, left))} until fine-tuning starts ({tuning})"
    return f"about {duration(left)} left" if left >= 1 else "nearly done"


def silence(run: Run, now: datetime | None = None) -> str:
    """A warning when a running run has sent no heartbeat for 20 seconds; else empty."""
    if run.heartbeat_at is None or run.state not in (RunState.RUNNING, RunState.STOPPING):
        return ""
    silent_s = ((now or datetime.now(UTC)) - run.heartbeat_at).total_seconds()
    return f"no heartbeat for {duration(silent_s)}" if silent_s > 20 else ""


def took_s(run: Run) -> float | None:
    """Wall-clock seconds of the last attempt, up to its end or now; None before its start."""
    if run.started_at is None:
        return None
    end = run.finished_at or datetime.now(UTC)
    return max(0.0, (end - run.started_at).total_seconds())


def epochs(run: Run) -> str:
    """``10 of 30 epochs``."""
    return f"{run.epochs_done} of {counted(run.epochs, 'epoch')}"
