"""The machine: its slots and devices."""

from __future__ import annotations

from core.client import Client


def test_slots_follow_the_machine_and_the_setting(client: Client) -> None:
    client.machine.set_cpu_slots(3)
    assert client.machine.slots().cpu_slots == 3
    assert {device.slot for device in client.machine.devices()} >= {
        "cpu",
        *client.machine.slots().gpus,
    }
