"""Start trainers and controllers: a fresh interpreter, its own session, its device, its log."""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from core.jobs import logs
from core.jobs.devices import CPU, gpus, num_cores
from core.records.runs import Run
from core.settings import PROJECT_ROOT, Settings

LOCK_NAME = "trainer.lock"
LOG_NAME = "log.txt"


def trainer_lock(settings: Settings, run_id: str) -> Path:
    """The file whose lock a run's trainer holds while it runs."""
    return settings.run_folder(run_id) / LOCK_NAME


def search_lock(settings: Settings, search_id: str) -> Path:
    """The file whose lock a search's controller holds while it runs."""
    return settings.search_folder(search_id) / "controller.lock"


def start_controller(
    settings: Settings, search_id: str, generation: int
) -> subprocess.Popen[bytes]:
    """Start the controller of a claimed search. Raises OSError when that is impossible."""
    log_file = settings.search_folder(search_id) / LOG_NAME
    _make_folder(log_file.parent, settings)
    logs.bound(log_file)
    arguments = [
        "core.jobs.search.controller",
        "--search",
        search_id,
        "--generation",
        str(generation),
    ]
    # It computes little, and trainers need the GPU and the cores.
    limits = {"CUDA_VISIBLE_DEVICES": "-1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    return start_module(arguments, log_file, settings.to_environment() | limits)


def start_trainer(
    settings: Settings, run: Run, slot: str, cpu_slots: int
) -> subprocess.Popen[bytes]:
    """Start the trainer of a claimed run. Raises OSError when that is impossible."""
    log_file = open_log(settings, run, slot)
    arguments = ["core.jobs.execute", "--run", run.id, "--attempt", str(run.attempt)]
    environment = settings.to_environment() | device_environment(slot, cpu_slots)
    return start_module(arguments, log_file, environment)


def open_log(settings: Settings, run: Run, slot: str) -> Path:
    """A claimed run's log, ready for its trainer. Raises OSError when that is impossible."""
    log_file = settings.run_folder(run.id) / LOG_NAME
    _make_folder(log_file.parent, settings)
    logs.bound(log_file)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with logs.open_to_append(log_file) as log:
        log.write(f"=== attempt {run.attempt} on {slot}, {now}\n".encode())
    return log_file


def _make_folder(folder: Path, settings: Settings) -> None:
    """Make the folder of a run or a search. Raises OSError where the results folder is missing."""
    settings.results.stat()
    folder.parent.mkdir(exist_ok=True)
    if folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "A link leads out of the results folder", folder)
    folder.mkdir(exist_ok=True)


def start_module(
    arguments: list[str],
    log_file: Path,
    environment: dict[str, str],
    *,
    pipes: tuple[int, int] | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``python -m <arguments>`` in a session of its own; its output is appended to a file.

    ``pipes``: its input and output, in place of the file; errors still go to the file. Raises
    OSError when the process cannot be started, or the file's folder is missing.
    """
    with logs.open_to_append(log_file) as log:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=PROJECT_ROOT,
            env=os.environ | {"PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"} | environment,
            stdin=pipes[0] if pipes else subprocess.DEVNULL,
            stdout=pipes[1] if pipes else log,
            stderr=log,
            start_new_session=True,
        )


def leave(code: int) -> NoReturn:
    """End this process with an exit code.

    Not sys.exit: an engine's threads can hang when the interpreter ends, and everything is stored.
    """
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def device_environment(slot: str, cpu_slots: int) -> dict[str, str]:
    """Environment variables that show a trainer only its own GPU, or its share of the cores."""
    if slot != CPU:
        uuid = next((gpu.uuid for gpu in gpus() if gpu.slot == slot), slot.removeprefix("gpu:"))
        return {
            "CUDA_VISIBLE_DEVICES": uuid,
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        }
    hidden = {"CUDA_VISIBLE_DEVICES": "-1"}
    if cpu_slots == 1:
        return hidden  # the engine chooses best when the run has all cores
    threads = str(max(1, num_cores() // cpu_slots))
    names = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    return hidden | dict.fromkeys(names, threads)
