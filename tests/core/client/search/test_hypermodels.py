"""HyperModels of somebody's own: their space, the trust they need, and their trials as runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.client import Client
from core.client.search.hypermodels import own_model_of, search_over
from core.errors import InvalidExperiment
from core.models.trust import trust
from core.records.runs import EventKind, RunState
from core.records.searches import SearchState, TrialState
from core.settings import PROJECT_ROOT, Settings
from core.spec import Experiment, parse
from core.spec.own import OwnModel
from core.spec.search import Search, apply_values
from tests.core.client import own_networks
from tests.core.jobs.lab import until

HERE = "tests.core.client.own_networks"


@pytest.mark.parametrize(
    ("hypermodel", "reference"),
    [
        (own_networks.Small, f"{HERE}:Small"),
        (own_networks.small, f"{HERE}:small"),
        (own_networks.function, f"{HERE}:function"),
        (f"{HERE}:Small", f"{HERE}:Small"),
    ],
)
def test_a_trainer_can_import_what_was_handed_over(hypermodel: object, reference: str) -> None:
    own = own_model_of(hypermodel)
    assert (own.reference, own.folder) == (reference, str(PROJECT_ROOT))


@pytest.mark.parametrize("hypermodel", [own_networks.Small(), lambda hp: None, "__main__:Small"])
def test_what_no_trainer_could_import_is_refused(hypermodel: object) -> None:
    with pytest.raises(InvalidExperiment) as refused:
        own_model_of(hypermodel)
    assert refused.value.field == "hypermodel"


def over(hypermodel: object, base: Experiment, settings: Settings) -> Search:
    own = own_model_of(hypermodel)
    trust(settings, own)
    return search_over(own, base, settings, name="own")


def test_hyperparameters_become_the_searchs_parameters(
    settings: Settings, experiment: Experiment
) -> None:
    search = over(own_networks.small, experiment, settings)
    found = {each.name: each for each in search.parameters}
    assert list(found) == ["filters", "dropout", "learning rate", "rate"]
    assert found["filters"].range.listed() == [4, 8]
    assert found["dropout"].range.kind == "boolean"
    rate = found["learning rate"].range
    assert (rate.kind, rate.minimum, rate.maximum, rate.scale) == ("real", 1e-3, 1e-1, "log")  # type: ignore[union-attr]
    condition = found["rate"].only_when
    assert condition is not None
    assert (condition.parameter, condition.values) == ("dropout", (True,))
    values = {"filters": 8, "dropout": False, "learning rate": 0.01}
    trial = apply_values(search, values)
    assert trial.model.own is not None
    assert trial.model.own.values == values
    assert trial.data == experiment.data


def test_a_logarithmic_step_is_a_factor(settings: Settings, experiment: Experiment) -> None:
    search = over(own_networks.function, experiment, settings)
    assert search.parameters[0].range.listed() == [4, 8, 16, 32, 64]


def test_a_name_that_is_no_field_is_refused(settings: Settings, experiment: Experiment) -> None:
    with pytest.raises(InvalidExperiment, match="block_1/units"):
        over(own_networks.unnameable, experiment, settings)


def test_code_that_cannot_be_imported_is_told(client: Client, experiment: Experiment) -> None:
    with pytest.raises(InvalidExperiment, match="ModuleNotFoundError") as refused:
        client.hypermodels.search("no_such_module:f", experiment, name="own")
    assert refused.value.field == "hypermodel"


def test_a_search_over_code_that_nobody_trusted_imports_nothing(
    settings: Settings, experiment: Experiment, tmp_path: Path
) -> None:
    mark = tmp_path / "imported"
    (tmp_path / "evil.py").write_text(f"open({str(mark)!r}, 'w')", encoding="utf-8")
    own = OwnModel(reference="evil:build", folder=str(tmp_path))
    with pytest.raises(InvalidExperiment, match="not trusted"):
        search_over(own, experiment, settings, name="own")
    assert not mark.exists()


def test_code_edited_after_it_was_trusted_is_refused_until_it_is_trusted_again(
    client: Client, experiment: Experiment, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text("def build(hp): ...\n", encoding="utf-8")
    raw = experiment.to_dict()
    raw["model"] = {"own": {"reference": "mine:build", "folder": str(tmp_path)}}
    wanted = parse(raw)
    client.hypermodels.trust("mine:build", folder=tmp_path)
    assert client.experiments.check(wanted) == []
    (tmp_path / "mine.py").write_text("def build(hp): print()\n", encoding="utf-8")
    [error] = client.experiments.check(wanted)
    assert "changed since it was trusted (mine)" in error.message
    client.hypermodels.trust("mine:build", folder=tmp_path)
    assert client.experiments.check(wanted) == []


def with_own(experiment: Experiment, hypermodel: object, **training: object) -> Experiment:
    raw = experiment.to_dict()
    raw["model"] = {"own": own_model_of(hypermodel).model_dump(mode="json")}
    raw["training"] |= {"epochs": 1} | training
    return parse(raw)


@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize("mixed_precision", [False, True], ids=["32 bits", "16 bits"])
def test_a_network_with_a_layer_of_ones_own_has_a_test_score_predictions_and_an_export(
    mixed_precision: bool, client: Client, experiment: Experiment
) -> None:
    client.hypermodels.trust(own_networks.with_own_layer)
    wanted = with_own(experiment, own_networks.with_own_layer, mixed_precision=mixed_precision)
    [run] = client.runs.submit(wanted)
    [ended] = client.runs.wait([run.id], timeout_s=240)
    assert ended.state is RunState.FINISHED, ended.failure
    client.metrics.evaluate_on_test(run.id)
    until(lambda: client.runs.events(run.id)[-1].kind is EventKind.TEST_EVALUATED)
    assert client.metrics.test_scores(run.id) is not None
    assert "litert" in {each.kind for each in client.artifacts.list(run.id)}
    pictures = [(each.name, each.content) for each in client.datasets.validation_samples(run.id, 3)]
    quick = client.predictions.predict(run.id, pictures, top=10)
    (client.settings.run_folder(run.id) / "litert" / "best.tflite").unlink()
    slow = Client(client.settings).predictions.predict(run.id, pictures, top=10)
    for one, other in zip(quick, slow, strict=True):
        assert (one.engine, other.engine) == ("litert", "keras")  # type: ignore[union-attr]
        assert dict(one.top) == pytest.approx(dict(other.top), abs=1e-5)  # type: ignore[union-attr]


@pytest.mark.processes
def test_a_network_that_cannot_be_saved_is_refused_before_it_trains(
    client: Client, experiment: Experiment
) -> None:
    client.hypermodels.trust(own_networks.unsavable)
    [run] = client.runs.submit(with_own(experiment, own_networks.unsavable))
    [ended] = client.runs.wait([run.id], timeout_s=240)
    assert ended.failure is not None
    assert ended.failure.code == "own_code"
    assert "cannot be saved" in ended.failure.message
    assert ended.epochs_done == 0


@pytest.mark.slow
@pytest.mark.processes
def test_its_trials_are_runs_with_curves_and_its_own_optimiser(
    client: Client, experiment: Experiment
) -> None:
    budget = {"max_trials": 2, "parallel": 1}
    found = client.hypermodels.search(
        own_networks.Small, experiment, name="own", budget=budget, seed=3
    )
    ended = client.searches.wait(found.id, timeout_s=240)
    assert ended.state is SearchState.FINISHED
    trials = client.trials.list("own")
    assert [each.state for each in trials] == [TrialState.COMPLETED] * 2, trials
    for trial in trials:
        [run] = client.runs.list(ids=list(trial.run_ids))
        assert run.state is RunState.FINISHED
        history = client.metrics.history(run.id)
        assert [row["epoch"] for row in history] == [1, 2]
        assert history[0]["learning_rate"] == pytest.approx(trial.values["learning rate"])
        assert {each.kind for each in client.artifacts.list(run.id)} >= {"checkpoint", "best_model"}
    sample = client.datasets.validation_samples(trials[0].run_ids[0], 1)[0]
    [answer] = client.predictions.predict(trials[0].run_ids[0], [(sample.name, sample.content)])
    assert len(answer.top) == 5  # type: ignore[union-attr]
    client.close()


def test_code_that_builds_no_fitting_network_says_so(
    client: Client, experiment: Experiment
) -> None:
    client.hypermodels.search(
        own_networks.too_few_classes, experiment, name="own", budget={"max_trials": 1}
    )
    client.searches.wait("own", timeout_s=120)
    [trial] = client.trials.list("own")
    [run] = client.runs.list(ids=list(trial.run_ids))
    assert run.failure is not None
    assert run.failure.code == "own_code"
    assert "(None, 10)" in run.failure.message
