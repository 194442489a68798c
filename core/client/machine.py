"""The machine: its devices, and the supervisor that trains on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.client.lab import Lab

if TYPE_CHECKING:
    from core.jobs.devices import CpuMeter, Device, Slots
    from core.jobs.supervisor import SupervisorStatus


class Machine:
    """Devices, slots for runs on them, and the supervisor."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._cpu_meter: CpuMeter | None = None

    def devices(self) -> list[Device]:
        """CPU and GPUs with their memory and load right now."""
        from core.jobs.devices import CpuMeter, devices

        # Kept, because the first reading of a meter waits, and a page reads twice a second.
        self._cpu_meter = self._cpu_meter or CpuMeter()
        return devices(meter=self._cpu_meter)

    def slots(self) -> Slots:
        """The slots in which runs may train at the same time."""
        from core.jobs.devices import Slots, gpus

        return Slots(tuple(gpu.slot for gpu in gpus()), self._lab.store.settings.cpu_slots())

    def set_cpu_slots(self, n: int) -> None:
        """Set how many runs may share the CPU, 1 to 64. Running ones continue."""
        self._lab.store.settings.set_cpu_slots(n)

    def supervisor(self) -> SupervisorStatus:
        """Whether a supervisor runs for this results folder, and whether it responds."""
        from core.jobs.supervisor import supervisor_status

        return supervisor_status(self._lab.settings)

    def ensure_supervisor(self) -> SupervisorStatus:
        """Start a detached supervisor unless one runs; replace one that does not respond.

        Replacing takes some seconds. Raises SupervisorUnavailable.
        """
        from core.jobs.supervisor import ensure_supervisor

        return ensure_supervisor(self._lab.settings)

    def stop_supervisor(self) -> None:
        """End the supervisor. Running runs continue; queued ones wait for the next supervisor."""
        from core.jobs.supervisor import stop_supervisor

        stop_supervisor(self._lab.settings)
