"""What this machine computes with: GPUs by NVML, else the CPU; and the slots that follow."""

from __future__ import annotations

import hashlib
import logging
import math
import os
import platform
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

CPU = "cpu"
_LOAD_OVER_S = 0.1
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Device:
    """One GPU, or the machine's CPU with its memory, as of now."""

    slot: str
    """``cpu`` or ``gpu:0``."""
    name: str
    memory_used: int
    """Bytes."""
    memory_total: int
    """Bytes."""
    load: float
    """0 to 1."""
    uuid: str = ""


@dataclass(frozen=True)
class Slots:
    """How many runs go at once: one for each GPU, else ``cpu_slots`` on the CPU."""

    gpus: tuple[str, ...]
    """Slot names, for instance ``gpu:0``."""
    cpu_slots: int

    @property
    def names(self) -> tuple[str, ...]:
        """One slot name per run that may train at a time; several runs may share the CPU's."""
        return self.gpus or (CPU,) * self.cpu_slots


class CpuMeter:
    """The load of the CPU between two readings. Threads may share one.

    Only the first reading waits, 0.1 s, as there is none to compare it with.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._busy = 0.0
        self._total = 0.0
        self._read_at = -math.inf
        self._load = 0.0

    def load(self) -> float:
        """The share of the cores' time that was used since the last reading, 0 to 1.

        Readings that come quicker than every 0.1 s give the last load again: the system counts
        in hundredths of a second.
        """
        with self._lock:
            if self._read_at == -math.inf:
                self._read()
                time.sleep(_LOAD_OVER_S)
            if time.monotonic() - self._read_at >= _LOAD_OVER_S:
                self._read()
            return self._load

    def _read(self) -> None:
        times = psutil.cpu_times()
        # On Linux the time of guests is part of the user's.
        total = sum(times) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
        busy = total - times.idle - getattr(times, "iowait", 0.0)
        if total > self._total:
            self._load = min(1.0, max(0.0, (busy - self._busy) / (total - self._total)))
        self._busy, self._total, self._read_at = busy, total, time.monotonic()


def devices(
    environment: Mapping[str, str] | None = None, meter: CpuMeter | None = None
) -> list[Device]:
    """GPUs first, then the CPU. Never raises: a machine without NVML has a CPU alone.

    ``meter``: keeps the last reading of the CPU, so that only the first call waits for its load.
    """
    return [*gpus(environment), _cpu(meter or CpuMeter())]


def gpus(environment: Mapping[str, str] | None = None) -> list[Device]:
    """The NVIDIA GPUs that ``CUDA_VISIBLE_DEVICES`` leaves to this process."""
    with _nvml() as nvml:
        if nvml is None:
            return []
        found = [_gpu(nvml, index) for index in range(nvml.nvmlDeviceGetCount())]
    env = os.environ if environment is None else environment
    return visible(found, env.get("CUDA_VISIBLE_DEVICES"))


def machine_fingerprint() -> str:
    """Equal on machines whose past speeds may be compared: processor, cores and GPUs."""
    parts = [platform.machine(), _processor(), str(num_cores()), *(gpu.name for gpu in gpus())]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


def num_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def visible(found: list[Device], wanted: str | None) -> list[Device]:
    """CUDA's own rule: a list of indices or UUIDs, cut at the first unknown one."""
    if wanted is None:
        return found
    chosen = []
    for part in (each.strip() for each in wanted.split(",")):
        same = [d for d in found if d.slot == f"gpu:{part}" or (part and d.uuid.startswith(part))]
        if not same:
            break
        chosen.append(same[0])
    return chosen


@contextmanager
def _nvml() -> Iterator[Any]:
    """The NVML library, started and ended again; None without a driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except (ImportError, OSError) as error:
        _log.debug("no NVIDIA library: %s", error)
        yield None
        return
    except Exception as error:  # noqa: BLE001 - NVMLError has no base that is there without it
        _log.debug("no NVIDIA driver: %s", error)
        yield None
        return
    try:
        yield pynvml
    finally:
        pynvml.nvmlShutdown()


def _gpu(nvml: Any, index: int) -> Device:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    used, total, load = 0, 0, 0.0
    try:
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
        used, total = int(memory.used), int(memory.total)
        load = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    except nvml.NVMLError as error:
        # Partitioned (MIG) and some virtual GPUs keep one or both to themselves.
        _log.debug("GPU %d does not tell its memory or load: %s", index, error)
    return Device(
        slot=f"gpu:{index}",
        name=_text(nvml.nvmlDeviceGetName(handle)),
        memory_used=used,
        memory_total=total,
        load=load,
        uuid=_text(nvml.nvmlDeviceGetUUID(handle)),
    )


def _cpu(meter: CpuMeter) -> Device:
    memory = psutil.virtual_memory()
    return Device(
        slot=CPU,
        name=f"{_processor()}, {num_cores()} cores",
        memory_used=memory.total - memory.available,
        memory_total=memory.total,
        load=meter.load(),
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123
            names = [line for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return names[0].split(":", 1)[1].strip() if names else platform.processor() or "CPU"


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
