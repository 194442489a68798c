"""The client's verbs about this machine: devices, slots, the supervisor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from core.client.base import ClientBase
from core.errors import WorkHeld
from core.records.runs import RunState

if TYPE_CHECKING:
    from core.jobs.devices import CpuMeter, Device, Slots
    from core.jobs.supervisor import SupervisorStatus
    from core.records.runs import HeldWork
    from core.store.opened_labs import Hold


_ALIVE_S = 60.0
"""A trainer shows life every few seconds."""


class MachineVerbs(ClientBase):
    """What there is to run on, and who runs it."""

    _cpu_meter: CpuMeter | None = None
    _hold: Hold | None = None

    def devices(self) -> list[Device]:
        """CPU and GPUs with their memory and load right now."""
        from core.jobs.devices import CpuMeter, devices

        # Kept: a page asks twice a second, and only the first reading waits.
        self._cpu_meter = self._cpu_meter or CpuMeter()
        return devices(meter=self._cpu_meter)

    def slots(self) -> Slots:
        """How many runs may go at once, and on what."""
        from core.jobs.devices import Slots, gpus

        return Slots(tuple(gpu.slot for gpu in gpus()), self.store.settings.cpu_slots())

    def set_cpu_slots(self, n: int) -> None:
        """How many runs may share the CPU, 1 to 64. Runs that train are left alone."""
        self.store.settings.set_cpu_slots(n)

    def supervisor(self) -> SupervisorStatus:
        """Whether a supervisor works for this results folder, and whether it responds."""
        from core.jobs.supervisor import supervisor_status

        return supervisor_status(self.settings)

    def require_startable(self) -> None:
        """Raises DecisionsError where work that is added now could never start.

        Then this user's configuration folder cannot be written to, so that the results folder
        never counts as opened.
        """
        from core.store.opened_labs import require_startable

        require_startable(self.settings, self.store.database)

    def held_work(self) -> HeldWork | None:
        """What waits until it is released or stopped; None when nothing does."""
        from core.store.opened_labs import Hold

        database = self.store.database
        # `close` drops the store: the next one may be another lab's.
        if self._hold is None or self._hold.database is not database:
            self._hold = Hold(self.settings, database)
        return self._hold.work()

    def require_released(self) -> None:
        """Raises WorkHeld where nothing starts before a release: waiting would never end."""
        held = self.held_work()
        if held is not None and not self._is_training():
            raise WorkHeld(
                f"{self.settings.results} contains {held}, held until released, so that waiting "
                "would never end. convscope release starts them, convscope release --stop takes "
                "them out of the queue."
            )

    def _is_training(self) -> bool:
        """Whether a trainer is alive, as that of another user who works on the same lab."""
        since = datetime.now(UTC) - timedelta(seconds=_ALIVE_S)
        at_work = self.store.runs.list(states=(RunState.RUNNING, RunState.STOPPING))
        return any(run.heartbeat_at is not None and run.heartbeat_at > since for run in at_work)

    def ensure_supervisor(self) -> SupervisorStatus:
        """Start the supervisor, detached, unless one works; replace one that does not respond.

        A replacement takes some seconds. Raises SupervisorUnavailable.
        """
        from core.jobs.supervisor import ensure_supervisor

        return ensure_supervisor(self.settings)

    def stop_supervisor(self) -> None:
        """End the supervisor. Runs that train go on; queued ones wait for the next."""
        from core.jobs.supervisor import stop_supervisor

        stop_supervisor(self.settings)
