"""The locks say what pyproject.toml asks for, agree with each other, and suit any machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Each lock, and the extra whose direct dependencies it pins besides the lab's own.
LOCKS = {
    "requirements.txt": "cpu",
    "requirements-dev.txt": "dev",
    "requirements-gpu.txt": "gpu",
    "requirements-jax.txt": "jax",
    "requirements-torch.txt": "torch",
}
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = {
    "linux x86_64": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "linux aarch64": {"sys_platform": "linux", "platform_machine": "aarch64"},
    "mac": {"sys_platform": "darwin", "platform_machine": "arm64"},
}


def pins(lock: str) -> list[Requirement]:
    """Every line of a lock that names a package."""
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if re.match(r"[a-z0-9]", line)]


def installed(lock: str, python: str, platform: str) -> dict[str, str]:
    """Name to version, as the lock would install on a machine."""
    machine = PLATFORMS[platform] | {"python_version": python, "python_full_version": f"{python}.9"}
    chosen = [pin for pin in pins(lock) if not pin.marker or pin.marker.evaluate(machine)]
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in chosen}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_every_direct_dependency(lock: str, python: str, platform: str) -> None:
    versions = installed(lock, python, platform)
    asked = PROJECT["dependencies"] + PROJECT["optional-dependencies"][LOCKS[lock]]
    machine = PLATFORMS[platform] | {"python_version": python}
    for requirement in map(Requirement, asked):
        if not requirement.marker or requirement.marker.evaluate(machine):
            version = versions.get(canonicalize_name(requirement.name))
            assert version is not None, f"{requirement} is not in {lock}: run make lock"
            assert requirement.specifier.contains(version), f"{lock} is out of date: run make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_that_share_an_environment_agree(lock: str) -> None:
    for python in PYTHONS:
        for platform in PLATFORMS:
            first, other = (
                installed(each, python, platform) for each in ("requirements.txt", lock)
            )
            assert {n: v for n, v in other.items() if n in first and first[n] != v} == {}


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("lock", LOCKS)
def test_no_environment_gets_both_tensorflows(lock: str, platform: str) -> None:
    # They own the same files: the second one installed breaks the first.
    names = installed(lock, "3.12", platform).keys() & {"tensorflow", "tensorflow-cpu"}
    assert len(names) == (1 if LOCKS[lock] in ("cpu", "gpu") else 0)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_no_folder(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"https?:|file:|^-|\+cpu|(^|\s)/", text, re.MULTILINE)
