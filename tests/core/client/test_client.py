"""The client as a whole: light, and the same errors from all its parts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from core.client import Client
from core.errors import (
    RunNotFound,
)
from core.records.runs import RunState
from core.settings import PROJECT_ROOT
from core.spec import Experiment

UNKNOWN = "0123456789abcdef" * 2


def test_every_method_on_several_runs_names_the_one_that_does_not_exist(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    methods: list[Callable[[list[str]], object]] = [
        client.metrics.frame,
        client.runs.wait,
        lambda ids: client.runs.list(ids=ids),
        lambda ids: client.runs.list(ids=ids, states=[RunState.FINISHED]),
    ]
    for method in methods:
        for missing in (UNKNOWN, "0123", "not-hex" * 4 + "1234", "\u00e9" * 32):
            with pytest.raises(RunNotFound, match=missing):
                method([run.id, missing])


def test_every_method_names_a_run_that_does_not_exist(client: Client) -> None:
    methods: list[Callable[[str], object]] = [
        client.runs.get,
        client.runs.events,
        client.artifacts.list,
    ]
    methods += [
        client.runs.log,
        client.runs.stop,
        client.runs.resume,
        client.runs.delete,
        client.runs.clone,
        client.runs.archive,
        client.metrics.history,
        client.metrics.test_scores,
    ]
    methods += [
        client.predictions.can_predict,
        client.predictions.problem,
        client.datasets.validation_samples,
    ]
    methods += [client.experiments.estimate_before, client.metrics.evaluate_on_test]
    methods += [
        lambda run_id: client.predictions.predict(run_id, []),
        lambda run_id: client.runs.move_in_queue(run_id, 0),
        lambda run_id: client.runs.rename(run_id, "name"),
        lambda run_id: client.runs.set_tags(run_id, []),
        lambda run_id: client.runs.set_notes(run_id, ""),
    ]
    for method in methods:
        for missing in ("abcdef", UNKNOWN):
            with pytest.raises(RunNotFound, match=missing):
                method(missing)


def test_using_the_client_loads_no_engine(client: Client, experiment: Experiment) -> None:
    client.store.runs.add(experiment)
    script = (
        "import sys\n"
        "from core.client import Client\n"
        "light = sorted(m for m in ('numpy', 'pandas', 'sqlalchemy') if m in sys.modules)\n"
        "client = Client()\n"
        "[run] = client.runs.list()\n"
        "client.experiments.presets(); client.datasets.list(); client.metrics.frame([run.id])\n"
        "experiment = client.runs.clone(run.id); client.experiments.describe(experiment)\n"
        "client.experiments.estimate(experiment); client.experiments.check(experiment)\n"
        "client.predictions.can_predict(run.id); client.machine.slots(); client.machine.devices()\n"
        "engines = ('keras', 'tensorflow', 'jax', 'torch')\n"
        "print(light, sorted(m for m in engines if m in sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": "", "PYTHONPATH": str(PROJECT_ROOT), **client.settings.to_environment()},
        capture_output=True,
        text=True,
        check=True,
        cwd=PROJECT_ROOT,
    )
    assert done.stdout.strip() == "[] []"
