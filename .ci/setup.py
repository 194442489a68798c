"""Make `.venv` hold what this checkout needs; do nothing, quickly, when it already does.

    setup.py              the lab, with TensorFlow's CUDA build beside an NVIDIA driver, else CPU
    setup.py --dev        the same, and what tests and checks need
    setup.py --browser    the same as --dev, and a Chromium for the browser tests
    setup.py --plan       print the requirement files that would be installed, change nothing

Runs before anything is installed: standard library only, and old syntax only, so that a Python
that is too old still gets a sentence instead of a SyntaxError. It lives beside `.ci/run` because
it serves machines being set up, and never the lab while it works.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "convscope-installed.json"
NEWEST_FIRST = ("python3.13", "python3.12", "python3.11", "python3", "python")
OLDEST, NEWEST = (3, 11), (3, 13)
PIP_ATTEMPTS = 2  # pip keeps what it has fetched, so the second one only fetches the rest
PROBE = (
    "import sys, importlib.util as u; print(*sys.version_info[:2], bool(u.find_spec('ensurepip')))"
)


class CannotSetUp(Exception):
    """Why the machine cannot be set up, and what a person can do about it."""


def main() -> int:
    """Parse the command line and do what it asks. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Set this checkout up.")
    parser.add_argument("--dev", action="store_true", help="and what tests and checks need")
    parser.add_argument("--browser", action="store_true", help="and a Chromium (implies --dev)")
    parser.add_argument("--plan", action="store_true", help="only print what would be installed")
    asked = parser.parse_args()
    files = requirement_files(asked.dev or asked.browser)
    if asked.plan:
        print(*files)
        return 0
    try:
        with only_one():
            install(files)
            if asked.browser:
                find_or_install_browser()
    except CannotSetUp as why:
        print(f"Set-up stopped: {why}", file=sys.stderr)
        return 1
    return 0


def requirement_files(dev: bool) -> list[str]:
    """Names of the lock files this machine needs."""
    engine = "requirements-gpu.txt" if wants_cuda() else "requirements.txt"
    return [engine, "requirements-dev.txt"] if dev else [engine]


def wants_cuda() -> bool:
    """CONVSCOPE_TENSORFLOW=cpu|cuda decides; else whether an NVIDIA driver answers."""
    choice = os.environ.get("CONVSCOPE_TENSORFLOW", "")
    if choice in ("cpu", "cuda"):
        return choice == "cuda"
    # The kernel's own word first: inside containers nvidia-smi may be missing, and the reverse.
    return Path("/proc/driver/nvidia/version").exists() or _answers(["nvidia-smi", "-L"])


@contextlib.contextmanager
def only_one() -> Iterator[None]:
    """Let `make run` and `make test`, started together, set up one after the other."""
    folder = os.open(str(ROOT), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def install(files: list[str]) -> None:
    """Bring `.venv` to exactly the state that the stamp describes, unless it is there already."""
    stamp = _read_stamp()
    if stamp and stamp["digest"] == _digest(stamp["files"]) and set(files) <= set(stamp["files"]):
        return
    if stamp and stamp["files"][0] == files[0]:
        # `make run` after `make test` must not make the tests' packages go stale.
        files = files + [name for name in stamp["files"] if name not in files]
    python = _make_venv(files[0])
    # From here on the environment is in between: an interruption must not look finished.
    STAMP.unlink(missing_ok=True)
    print(
        "Installing %s into .venv (first time: some minutes) ..." % " and ".join(files), flush=True
    )
    arguments = [word for name in files for word in ("-r", str(ROOT / name))]
    _install_with_uv_or_pip(python, arguments)
    # The lab itself, in place: no index is asked, the build tools are in the lock.
    _install_with_uv_or_pip(python, ["--no-deps", "--no-build-isolation", "-e", str(ROOT)])
    unfinished = STAMP.with_suffix(".part")
    unfinished.write_text(json.dumps({"digest": _digest(files), "files": files}))
    unfinished.replace(STAMP)


def _read_stamp() -> dict[str, Any] | None:
    if not _answers([str(PYTHON), "-c", ""]):
        return None
    try:
        stamp: dict[str, Any] = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return None
    return stamp


def _digest(files: list[str]) -> str:
    """Changes when a lock, the project's own description, this file or the folder's place does."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("pyproject.toml", ".ci/setup.py", *files):
        path = ROOT / name
        digest.update(path.read_bytes() if path.exists() else b"absent")
    return digest.hexdigest()


def _make_venv(engine_file: str) -> Path:
    """`.venv/bin/python`, made again where the one that is there cannot serve."""
    if VENV.exists() and not _can_serve(engine_file):
        print("Making .venv again: the one that is here is broken or was for another set-up.")
        shutil.rmtree(VENV)
    if not VENV.exists():
        _create_venv()
    if not shutil.which("uv") and not _has_pip():
        _run([str(PYTHON), "-m", "ensurepip", "--upgrade"], "putting pip into .venv")
    return PYTHON


def _can_serve(engine_file: str) -> bool:
    if _version(str(PYTHON)) is None:
        return False
    activate = VENV / "bin" / "activate"
    if not activate.exists() or str(VENV) not in activate.read_text():
        return False  # half made, or the checkout was moved: its scripts name the old place
    # tensorflow and tensorflow-cpu own the same files: one environment never sees both.
    other = "tensorflow_cpu-" if engine_file == "requirements-gpu.txt" else "tensorflow-"
    if other == "tensorflow-" and not _cpu_build_has_its_own_name():
        return True
    return not any(VENV.glob("lib/python3*/site-packages/" + other + "*.dist-info"))


def _cpu_build_has_its_own_name() -> bool:
    return sys.platform == "linux" and os.uname().machine == "x86_64"


def _create_venv() -> None:
    python, has_ensurepip = find_python()
    print("Making .venv with %s ..." % python, flush=True)
    if has_ensurepip:
        _run([python, "-m", "venv", str(VENV)], "making .venv")
    elif shutil.which("uv"):
        _run(["uv", "venv", "--python", python, str(VENV)], "making .venv")
    else:
        _install_debian_venv(python)
        _run([python, "-m", "venv", str(VENV)], "making .venv")


def find_python() -> tuple[str, bool]:
    """The newest Python that works here, and whether it can make a venv with pip by itself."""
    found = []
    for name in NEWEST_FIRST:
        version = _version(name)
        if version and OLDEST <= version[0] <= NEWEST:
            found.append((shutil.which(name) or name, version[1]))
    if not found:
        raise CannotSetUp(
            "no Python from 3.11 to 3.13 is on PATH (TensorFlow has no build for others). "
            "This is %d.%d. Install python3.13, for example from python.org, and run make again."
            % sys.version_info[:2]
        )
    return next((each for each in found if each[1]), found[0])


def _version(python: str) -> tuple[tuple[int, int], bool] | None:
    """(major, minor) and whether ensurepip is there; None when it does not run (a shim may not)."""
    try:
        answer = subprocess.run(
            [python, "-c", PROBE], capture_output=True, text=True, timeout=60, check=True
        )
        major, minor, has_ensurepip = answer.stdout.split()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return (int(major), int(minor)), has_ensurepip == "True"


def _install_debian_venv(python: str) -> None:
    """Debian and Ubuntu ship Python without what makes environments; it is a package of its own."""
    (major, minor), _ = _version(python) or ((3, 11), False)
    package = "python%d.%d-venv" % (major, minor)
    if not can_use_apt():
        raise CannotSetUp(
            "%s cannot make virtual environments. On Debian and Ubuntu: sudo apt install %s. "
            "Or install uv (https://docs.astral.sh/uv/). Then run make again." % (python, package)
        )
    apt_install(package)


def can_use_apt() -> bool:
    """Whether packages of the system can be installed without asking anybody."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(package: str) -> None:
    """Install one package of Debian or Ubuntu, refreshing the lists first."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-q"], "apt-get update", environment)
    command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", package]
    _run(command, "installing " + package, environment)


def _install_with_uv_or_pip(python: Path, arguments: list[str]) -> None:
    """uv where it is present, being many times quicker; pip where it is not, or where uv fails."""
    if shutil.which("uv"):
        # Without byte code TensorFlow takes 14 s to import, with it 4 s; pip compiles by itself.
        settings = {"UV_COMPILE_BYTECODE": "1", "UV_PYTHON_DOWNLOADS": "never"}
        command = ["uv", "pip", "install", "--python", str(python), *arguments]
        if subprocess.call(command, env={**os.environ, **settings}) == 0:
            return
        print("uv could not do it; trying with pip.", flush=True)
        if not _has_pip():
            _run([str(python), "-m", "ensurepip", "--upgrade"], "putting pip into .venv")
    command = [str(python), "-m", "pip", "install", "--no-input", *arguments]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for _ in range(PIP_ATTEMPTS):
        if subprocess.call(command, env=environment) == 0:
            return
    raise CannotSetUp(
        "pip could not install (its words are above). Check the network and the room on the disk "
        "(the lab takes about 3 GB, with CUDA 9 GB), then run make again: it goes on from there."
    )


def find_or_install_browser() -> None:
    """A Chromium that is there, else the system's package, else Playwright's own."""
    finder = [str(PYTHON), str(ROOT / "tests" / "end_to_end" / "browser.py")]
    if _answers(finder):
        return
    if os.environ.get("CHROMIUM_PATH"):
        raise CannotSetUp("CHROMIUM_PATH is %(CHROMIUM_PATH)s: no file is there." % os.environ)
    print("No Chromium here; installing one for the browser tests ...", flush=True)
    if can_use_apt():
        try:
            apt_install("chromium")
        except CannotSetUp as why:  # Ubuntu's package wants snap, which containers lack
            print("%s Trying Playwright's own." % why, flush=True)
    if not _answers(finder):
        playwright = [str(PYTHON), "-m", "playwright", "install", "chromium"]
        with_libraries = ["--with-deps"] if can_use_apt() else []
        _run(playwright + with_libraries, "installing Playwright's Chromium")
    if not _answers(finder):
        raise CannotSetUp("a Chromium was installed and does not start. Set CHROMIUM_PATH to one.")


def _has_pip() -> bool:
    return _answers([str(PYTHON), "-m", "pip", "--version"])


def _answers(command: list[str]) -> bool:
    """Whether a command exists, ends and is content."""
    try:
        quiet = subprocess.DEVNULL
        return subprocess.call(command, stdout=quiet, stderr=quiet, timeout=60) == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _run(command: list[str], what: str, environment: dict[str, str] | None = None) -> None:
    """Run a step that the rest depends on."""
    if subprocess.call(command, env=environment) != 0:
        raise CannotSetUp("%s failed (%s)." % (what, " ".join(command)))


if __name__ == "__main__":
    sys.exit(main())
