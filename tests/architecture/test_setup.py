"""`make setup` chooses the right packages, does nothing twice, and never half.

Each test runs the real `.ci/setup.py` in a small checkout of its own. What the machine brings
(a driver, uv, other Pythons) is replaced by scripts on PATH, as a machine would have them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
NEEDS_NO_DRIVER = pytest.mark.skipif(
    Path("/proc/driver/nvidia/version").exists(), reason="this machine has an NVIDIA driver"
)


class Machine:
    """A checkout with empty locks, and a PATH that holds what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.programs, self.calls = (
            folder / "checkout",
            folder / "bin",
            folder / "calls",
        )
        (self.checkout / ".ci").mkdir(parents=True)
        self.programs.mkdir()
        shutil.copy(ROOT / ".ci" / "setup.py", self.checkout / ".ci")
        for name in ("pyproject.toml", "requirements.txt", "requirements-gpu.txt"):
            (self.checkout / name).touch()
        (self.checkout / "requirements-dev.txt").touch()

    def program(self, name: str, script: str) -> None:
        """Put a program on PATH; it notes its arguments, then runs the script."""
        path = self.programs / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> "{self.calls}"\n{script}\n')
        path.chmod(0o755)

    def python(self) -> None:
        """Put the Python that runs the tests on PATH."""
        self.program("python3", f'exec "{sys.executable}" "$@"')

    def set_up(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the set-up with nothing but this machine's programs on PATH."""
        kept = {k: v for k, v in os.environ.items() if k != "CONVSCOPE_TENSORFLOW"}
        return subprocess.run(
            [sys.executable, ".ci/setup.py", *arguments],
            cwd=self.checkout,
            env={**kept, "PATH": str(self.programs), **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def calls_of(self, name: str) -> list[str]:
        """Arguments of each call of a program so far."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        return [line for line in lines if line.startswith(f"{name} ")]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@NEEDS_NO_DRIVER
def test_without_a_driver_the_cpu_build(machine: Machine) -> None:
    assert machine.set_up("--plan").stdout.split() == ["requirements.txt"]


def test_with_a_driver_the_cuda_build(machine: Machine) -> None:
    machine.program("nvidia-smi", "echo 'GPU 0: one of them'")
    planned = machine.set_up("--dev", "--plan").stdout.split()
    assert planned == ["requirements-gpu.txt", "requirements-dev.txt"]


@NEEDS_NO_DRIVER
def test_a_driver_that_does_not_answer_counts_as_none(machine: Machine) -> None:
    machine.program("nvidia-smi", "echo 'could not communicate with the driver' >&2; exit 9")
    assert machine.set_up("--plan").stdout.split() == ["requirements.txt"]


@pytest.mark.parametrize(
    ("choice", "file"), [("cpu", "requirements.txt"), ("cuda", "requirements-gpu.txt")]
)
def test_a_person_may_choose_the_build(machine: Machine, choice: str, file: str) -> None:
    machine.program("nvidia-smi", "exit 0")
    planned = machine.set_up("--plan", CONVSCOPE_TENSORFLOW=choice)
    assert planned.stdout.split() == [file]


def test_no_python_that_tensorflow_supports(machine: Machine) -> None:
    machine.program("python3", "echo 3 14 True")
    machine.program("python3.13", "echo 'shim: command not found' >&2; exit 127")
    done = machine.set_up()
    assert done.returncode == 1
    assert "3.11 to 3.13" in done.stderr
    assert not (machine.checkout / ".venv").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="the package manager is asked as root only")
def test_debian_without_venv_installs_its_package(machine: Machine) -> None:
    machine.program("python3.13", "echo 3 13 False")
    machine.program("apt-get", "exit 100")
    done = machine.set_up()
    assert done.returncode == 1
    assert "apt-get update failed" in done.stderr


def test_without_venv_and_without_apt_a_sentence_says_what_to_do(machine: Machine) -> None:
    machine.program("python3.13", "echo 3 13 False")
    done = machine.set_up()
    assert done.returncode == 1
    assert "python3.13-venv" in done.stderr


def test_a_second_time_does_nothing_until_a_lock_changes(machine: Machine) -> None:
    machine.python()
    machine.program("uv", "exit 0")
    assert machine.set_up("--dev").returncode == 0
    first = machine.calls_of("uv")
    assert "requirements-dev.txt" in first[0]
    assert "-e" in first[1].split()

    # What was installed with more also serves who asks for less.
    assert machine.set_up().returncode == 0
    assert machine.set_up("--dev").returncode == 0
    assert machine.calls_of("uv") == first

    (machine.checkout / "requirements.txt").write_text("# another version\n")
    assert machine.set_up().returncode == 0
    again = machine.calls_of("uv")[len(first) :]
    assert "requirements-dev.txt" in again[0], "the tests' packages must not go stale"


def test_an_installation_that_failed_is_tried_again(machine: Machine) -> None:
    machine.python()
    machine.program("uv", "exit 1")
    (machine.checkout / "requirements.txt").write_text("./absent.whl\n")
    failed = machine.set_up()
    assert failed.returncode == 1
    assert "pip could not install" in failed.stderr

    machine.program("uv", "exit 0")
    assert machine.set_up().returncode == 0
    assert machine.calls_of("uv")[-1].endswith(str(machine.checkout))


def test_a_checkout_that_moved_gets_a_new_environment(machine: Machine, tmp_path: Path) -> None:
    machine.python()
    machine.program("uv", "exit 0")
    assert machine.set_up().returncode == 0
    machine.checkout = machine.checkout.rename(tmp_path / "elsewhere")
    done = machine.set_up()
    assert done.returncode == 0
    assert "again" in done.stdout
    assert str(machine.checkout) in (machine.checkout / ".venv/bin/activate").read_text()


def test_the_other_tensorflow_leaves_with_its_environment(machine: Machine) -> None:
    machine.python()
    machine.program("uv", "exit 0")
    assert machine.set_up(CONVSCOPE_TENSORFLOW="cpu").returncode == 0
    [packages] = (machine.checkout / ".venv").glob("lib/python3*/site-packages")
    (packages / "tensorflow_cpu-2.21.0.dist-info").mkdir()
    done = machine.set_up(CONVSCOPE_TENSORFLOW="cuda")
    assert done.returncode == 0
    assert "again" in done.stdout
    assert not list(packages.glob("tensorflow_cpu-*"))
