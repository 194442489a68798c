"""A row of the store names code: whatever is done with it, nothing of that code is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import update

from core.client import Client
from core.errors import ConvscopeError, InvalidExperiment
from core.processes import ProcessIdentity
from core.records.runs import EventKind, RunState
from core.settings import PROJECT_ROOT, Settings
from core.spec import Experiment, parse
from core.store import tables
from tests.core.client.searching import small_search
from tests.core.jobs.lab import until

pytestmark = [pytest.mark.processes, pytest.mark.slow]


@dataclass(frozen=True)
class Changed:
    """A lab in which the row of a trained run names a module that leaves a mark when imported."""

    client: Client
    run_id: str
    experiment: Experiment
    """The same, as whoever edits the store would write it."""
    mark: Path


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Changed]:
    folder = tmp_path_factory.mktemp("foreign")
    settings = Settings.from_environment(
        {
            "CONVSCOPE_RESULTS": str(folder / "results"),
            "CONVSCOPE_DATA": str(folder / "data"),
            "CONVSCOPE_CACHE": os.environ["CONVSCOPE_CACHE"],
            "CONVSCOPE_CONFIG": str(folder / "config"),
        }
    )
    client = Client(settings)
    model = {"stages": [{"convolutions": [{"kind": "normal", "filters": 4}]}]}
    raw = {
        "data": {"dataset": "digits", "train_size": 100},
        "model": model,
        "training": {"epochs": 1},
    }
    [run] = client.runs.submit(parse(raw))
    [ended] = client.runs.wait([run.id], timeout_s=240)
    assert ended.state is RunState.FINISHED, ended.failure
    # The networks in TensorFlow's form answer without building anything.
    (settings.run_folder(run.id) / "litert" / "best.tflite").unlink()
    code, mark = folder / "code", folder / "imported"
    code.mkdir()
    (code / "evil.py").write_text(f"open({str(mark)!r}, 'w').close()\n", encoding="utf-8")
    raw["model"] = {"own": {"reference": "evil:build", "folder": str(code)}}
    experiment = parse(raw)
    with client.store.database.write() as connection:
        row = tables.run.c.id == run.id
        values = {"config": experiment.to_dict(), "state": RunState.STOPPED}
        connection.execute(update(tables.run).where(row).values(**values))
    yield Changed(client, run.id, experiment, mark)
    client.close()
    client.machine.stop_supervisor()
    identities = [client.store.controllers.process_of(each.id) for each in client.searches.list()]
    identities += [client.store.trainers.process_of(each.id) for each in client.runs.list()]
    for identity in identities:
        if identity is not None:
            ProcessIdentity(*identity).kill_group()
    client.store.close()


def predict(lab: Changed) -> str:
    file = BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    with pytest.raises(ConvscopeError) as refused:
        lab.client.predictions.predict(lab.run_id, [("picture.png", file.getvalue())])
    return str(refused.value)


def evaluate(lab: Changed) -> str:
    lab.client.metrics.evaluate_on_test(lab.run_id)
    until(lambda: lab.client.runs.events(lab.run_id)[-1].kind is EventKind.TEST_FAILED)
    return lab.client.runs.events(lab.run_id)[-1].reason


def resume(lab: Changed) -> str:
    lab.client.runs.resume(lab.run_id)
    [run] = lab.client.runs.wait([lab.run_id], timeout_s=120)
    assert run.failure is not None
    return run.failure.message


def search_over_it(lab: Changed) -> str:
    """A search whose row names the code, and the trial that it starts."""
    content = small_search(budget={"max_trials": 1}).to_dict()
    content["base"] = lab.experiment.to_dict()
    values = {"name": "filters", "paths": ["model.own.values.filters"]}
    content["parameters"] = [values | {"range": {"kind": "integer", "minimum": 1, "maximum": 4}}]
    found = lab.client.store.searches.add("foreign", content, content["budget"])
    lab.client.machine.ensure_supervisor()
    lab.client.searches.wait(found.id, timeout_s=120)
    [trial] = lab.client.trials.list("foreign")
    [run] = lab.client.runs.list(ids=list(trial.run_ids))
    assert run.failure is not None
    return run.failure.message


def declare(lab: Changed) -> str:
    """The process that finds the hyperparameters of code."""
    own = lab.experiment.model.own
    assert own is not None
    command = [sys.executable, "-m", "core.jobs.declare"]
    done = subprocess.run(
        [*command, "--reference", own.reference, "--folder", own.folder],
        cwd=PROJECT_ROOT,
        env=os.environ | lab.client.settings.to_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


def launch(lab: Changed) -> str:
    with pytest.raises(InvalidExperiment) as refused:
        lab.client.runs.submit(lab.experiment)
    return str(refused.value)


@pytest.mark.parametrize("door", [predict, evaluate, resume, search_over_it, declare, launch])
def test_code_that_only_the_store_names_is_imported_nowhere(
    door: Callable[[Changed], str], changed: Changed
) -> None:
    changed.mark.unlink(missing_ok=True)
    assert "not trusted" in door(changed)
    assert not changed.mark.exists()
