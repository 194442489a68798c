"""Slots follow the machine, and a trainer sees its own device only."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time

import pytest

from core.jobs.devices import (
    CpuMeter,
    Device,
    Slots,
    devices,
    gpus,
    machine_fingerprint,
    num_cores,
    visible,
)
from core.jobs.launch import device_environment

TWO = [Device(f"gpu:{i}", "H", 0, 1, 0.0, f"GPU-{i}abc") for i in range(2)]


def test_a_machine_always_has_its_cpu() -> None:
    cpu = devices()[-1]
    assert cpu.slot == "cpu"
    assert 0 < cpu.memory_used <= cpu.memory_total
    assert 0 <= cpu.load <= 1
    assert str(num_cores()) in cpu.name
    assert machine_fingerprint() == machine_fingerprint()


def test_the_first_look_at_a_busy_cpu_tells_its_load() -> None:
    script = """
import threading
from core.jobs.devices import devices
def busy():
    while True:
        sum(range(1000))
threading.Thread(target=busy, daemon=True).start()
print(devices({"CUDA_VISIBLE_DEVICES": ""})[-1].load)
"""
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert float(told.stdout) > 0


def test_later_looks_at_the_cpu_do_not_wait() -> None:
    meter = CpuMeter()
    devices({"CUDA_VISIBLE_DEVICES": ""}, meter)
    quickest_s = math.inf
    for _ in range(5):
        started_at = time.perf_counter()
        load = devices({"CUDA_VISIBLE_DEVICES": ""}, meter)[-1].load
        quickest_s = min(quickest_s, time.perf_counter() - started_at)
        assert 0 <= load <= 1
    assert quickest_s < 0.05


def test_the_load_follows_the_work_between_two_looks() -> None:
    meter = CpuMeter()
    meter.load()
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        sum(range(1000))
    assert meter.load() >= 0.5 / (os.cpu_count() or 1)


def test_hidden_gpus_are_no_slots() -> None:
    assert gpus({"CUDA_VISIBLE_DEVICES": ""}) == []
    assert gpus({"CUDA_VISIBLE_DEVICES": "-1"}) == []


@pytest.mark.parametrize(
    ("wanted", "slots"),
    [
        (None, ["gpu:0", "gpu:1"]),
        ("", []),
        ("-1", []),
        ("1", ["gpu:1"]),
        ("1,0", ["gpu:1", "gpu:0"]),
        ("0,7,1", ["gpu:0"]),
        ("GPU-1abc", ["gpu:1"]),
    ],
)
def test_gpus_are_chosen_by_cudas_rule(wanted: str | None, slots: list[str]) -> None:
    assert [device.slot for device in visible(TWO, wanted)] == slots


def test_one_run_a_gpu_else_the_cpus_slots() -> None:
    assert Slots(("gpu:0", "gpu:1"), 3).names == ("gpu:0", "gpu:1")
    assert Slots((), 3).names == ("cpu", "cpu", "cpu")


def test_a_trainer_sees_its_own_gpu_only() -> None:
    environment = device_environment("gpu:5", 1)
    assert environment["CUDA_VISIBLE_DEVICES"] in {"5"} | {gpu.uuid for gpu in gpus()}
    assert environment["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"
    assert device_environment("cpu", 1) == {"CUDA_VISIBLE_DEVICES": "-1"}


def test_trainers_share_the_cores() -> None:
    many = device_environment("cpu", 1000)
    assert many["OMP_NUM_THREADS"] == many["TF_NUM_INTRAOP_THREADS"] == "1"
