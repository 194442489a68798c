"""Every part of the client works alone: it takes a Lab and the parts that it uses, no Client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from core.client.artifacts import Artifacts
from core.client.client import Client
from core.client.datasets import Datasets
from core.client.experiments import Experiments
from core.client.grids import Grids
from core.client.held_work import HeldWorkControl
from core.client.lab import Lab
from core.client.machine import Machine
from core.client.metrics import Metrics
from core.client.predictions import Predictions
from core.client.runs import Runs
from core.client.search.drafts import SearchDrafts
from core.client.search.hypermodels import HyperModels
from core.client.search.searches import Searches
from core.client.search.trials import Trials
from core.client.unreadable import UnreadableRows
from core.client.waiting import Waiter
from core.datasets.status import DatasetState
from core.errors import InvalidExperiment
from core.records.runs import Run, RunState
from core.records.searches import SearchState
from core.settings import Settings
from core.spec import Experiment
from core.spec.grid import axis_from_text, grid_of
from tests.core.client.searching import small_search
from tests.core.store.lives import epoch, queued, running

PARTS = {
    *(Artifacts, Datasets, Experiments, Grids, HeldWorkControl, HyperModels, Machine, Metrics),
    *(Predictions, Runs, SearchDrafts, Searches, Trials, UnreadableRows),
}


@pytest.fixture
def lab(settings: Settings, nothing_starts: None) -> Iterator[Lab]:
    lab = Lab(settings)
    yield lab
    lab.close()


@pytest.fixture
def machine(lab: Lab) -> Machine:
    return Machine(lab)


@pytest.fixture
def held_work(lab: Lab, machine: Machine) -> HeldWorkControl:
    return HeldWorkControl(lab, machine)


@pytest.fixture
def experiments(lab: Lab) -> Experiments:
    return Experiments(lab)


@pytest.fixture
def waiter(lab: Lab, machine: Machine, held_work: HeldWorkControl) -> Waiter:
    return Waiter(lab, machine, held_work)


@pytest.fixture
def runs(
    lab: Lab,
    machine: Machine,
    held_work: HeldWorkControl,
    experiments: Experiments,
    waiter: Waiter,
) -> Runs:
    return Runs(lab, machine, held_work, experiments, waiter)


@pytest.fixture
def drafts(lab: Lab, machine: Machine, experiments: Experiments) -> SearchDrafts:
    return SearchDrafts(lab, machine, experiments)


@pytest.fixture
def searches(
    lab: Lab, machine: Machine, held_work: HeldWorkControl, drafts: SearchDrafts, waiter: Waiter
) -> Searches:
    return Searches(lab, machine, held_work, drafts, waiter)


@pytest.fixture
def run(lab: Lab) -> Run:
    """A run with one finished epoch."""
    run = running(lab.store)
    lab.store.metrics.save_epoch(run.id, 1, epoch(1))
    return run


def test_every_part_of_the_client_is_here(settings: Settings) -> None:
    parts = {type(part) for name, part in vars(Client(settings)).items() if name[0] != "_"}
    assert parts == PARTS


def test_machine(machine: Machine) -> None:
    machine.set_cpu_slots(2)
    assert machine.slots().cpu_slots == 2
    assert not machine.supervisor().is_running


def test_held_work(held_work: HeldWorkControl) -> None:
    assert held_work.get() is None
    held_work.require_startable()
    held_work.require_released()


def test_datasets(lab: Lab) -> None:
    datasets = Datasets(lab)
    assert datasets.get("digits") in datasets.list()
    assert datasets.get("digits").state is not DatasetState.MISSING
    assert datasets.info("digits").num_classes == 10


def test_experiments(experiments: Experiments, experiment: Experiment) -> None:
    assert experiments.check(experiment) == []
    assert experiments.describe(experiment).parameters > 0
    assert experiments.estimate(experiment).seconds_per_epoch > 0


def test_waiter(lab: Lab, waiter: Waiter) -> None:
    [run] = queued(lab.store)
    seen: list[RunState] = []

    def read() -> RunState:
        return lab.store.runs.get(run.id).state

    assert waiter.wait_until(read, lambda state: True, None, seen.append) is RunState.QUEUED
    assert seen == [RunState.QUEUED]


def test_runs(runs: Runs, experiment: Experiment) -> None:
    [run] = runs.submit(experiment, tags=["a"])
    assert runs.queue() == [run]
    runs.stop(run.id)
    assert runs.get(run.id).state is RunState.STOPPED


def test_grids(lab: Lab, experiments: Experiments, runs: Runs, experiment: Experiment) -> None:
    grids = Grids(lab, experiments, runs)
    grid = grid_of([axis_from_text("training.epochs=1,2")])
    assert grids.check(experiment, grid) == []
    assert [each.epochs for each in grids.submit(experiment, grid)] == [1, 2]


def test_metrics(lab: Lab, run: Run) -> None:
    metrics = Metrics(lab)
    assert [row["epoch"] for row in metrics.history(run.id)] == [1]
    assert set(metrics.frame([run.id])["run_id"]) == {run.id}
    assert metrics.test_scores(run.id) is None


def test_artifacts(lab: Lab, run: Run) -> None:
    assert Artifacts(lab).list(run.id) == []


def test_predictions(lab: Lab, run: Run) -> None:
    predictions = Predictions(lab)
    assert not predictions.can_predict(run.id)
    predictions.close()


def test_search_drafts(drafts: SearchDrafts) -> None:
    search, preset = drafts.read("lab_search")
    assert preset == "lab_search"
    assert drafts.check(search) == []
    assert drafts.estimate(small_search()).trials == 4


def test_searches(searches: Searches) -> None:
    found = searches.submit(small_search())
    assert searches.pause(found.name).state is SearchState.PAUSED
    assert [each.id for each in searches.list()] == [found.id]


def test_trials(
    lab: Lab,
    machine: Machine,
    held_work: HeldWorkControl,
    experiments: Experiments,
    searches: Searches,
) -> None:
    found = searches.submit(small_search())
    trials = Trials(lab, machine, held_work, experiments)
    trials.enqueue(found.id, {"dropout": 0.5, "rate": 1e-2})
    assert [trial.values for trial in trials.list(found.id)] == [{"dropout": 0.5, "rate": 1e-2}]


def test_hypermodels(lab: Lab, searches: Searches) -> None:
    with pytest.raises(InvalidExperiment, match="no_such_module"):
        HyperModels(lab, searches).trust("no_such_module:Model")


def test_unreadable(lab: Lab, run: Run) -> None:
    unreadable = UnreadableRows(lab)
    assert unreadable.list(everything=True) == []
    assert unreadable.delete() == 0
