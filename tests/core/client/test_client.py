"""The client's verbs, on a real store."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.client import Client
from core.client.demo import demo_experiments
from core.client.processes import start_job
from core.datasets.status import DatasetState
from core.errors import (
    InvalidExperiment,
    PredictionUnavailable,
    RunNotFound,
    RunStateError,
    UnknownDataset,
    UnknownPreset,
)
from core.records.runs import Failure, RunState
from core.settings import PROJECT_ROOT, Settings
from core.spec import Experiment
from core.spec.files import experiment_to_toml
from core.spec.overrides import override
from core.training.reporter import EpochRecord


def finish(client: Client, run_id: str, epochs: int = 2) -> None:
    """Live a run's life without a trainer."""
    run = client.store.runs.claim_next("cpu")
    assert run is not None
    assert run.id == run_id
    for epoch in range(1, epochs + 1):
        metrics = {"loss": 1.0 / epoch, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": 0.25}
        client.store.metrics.save_epoch(
            run_id, 1, EpochRecord(epoch, metrics, 1.5 * epoch, 100 * epoch)
        )
    client.store.runs.end(run_id, 1, RunState.FINISHED, reason="done")


def test_every_preset_is_offered_and_can_be_described(client: Client) -> None:
    presets = client.experiments.presets()
    assert {"basic_cnn", "dropout_conv_fc", "batch_norm", "l2", "scratch_cnn"} <= {
        preset.name for preset in presets
    }
    for preset in presets:
        assert client.experiments.describe(preset.experiment).parameters > 0


def test_a_reference_is_a_preset_or_a_file(
    client: Client, experiment: Experiment, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(experiment_to_toml(experiment), encoding="utf-8")
    assert client.experiments.read(str(path)) == (experiment, None)
    preset = client.experiments.preset("basic_cnn")
    assert client.experiments.read("basic_cnn") == (preset.experiment, "basic_cnn")


@pytest.mark.parametrize("reference", ["no_such", "no/such.toml", "../basic_cnn", ""])
def test_an_unknown_reference_is_named(client: Client, reference: str) -> None:
    with pytest.raises(UnknownPreset, match=r"preset|experiment file"):
        client.experiments.read(reference)


def test_check_names_every_field_that_stops_a_launch(
    client: Client, experiment: Experiment
) -> None:
    wrong = override(
        experiment,
        [
            "data.train_size=5000",
            "training.engine=jax",
            "model.stages.0.convolutions.0.kernel_size=9",
            "model.stages.0.convolutions.0.padding=valid",
        ],
    )
    fields = {error.field for error in client.experiments.check(wrong)}
    assert "data.train_size" in fields
    assert "model.stages.0.convolutions.0.kernel_size" in fields
    assert ("training.engine" in fields) == (
        subprocess.run(
            [sys.executable, "-c", "import jax"], capture_output=True, check=False
        ).returncode
        != 0
    )
    assert client.experiments.check(experiment) == []


def test_an_unknown_data_set_is_a_wrong_field(client: Client, experiment: Experiment) -> None:
    [error] = client.experiments.check(override(experiment, ["data.dataset=cifar12"]))
    assert error.field == "data.dataset"
    assert "cifar10" in error.message


def test_what_cannot_be_launched_writes_nothing_and_starts_nothing(
    client: Client, experiment: Experiment
) -> None:
    with pytest.raises(InvalidExperiment) as refused:
        client.runs.submit(override(experiment, ["data.train_size=5000", "seeds=[1, 2]"]))
    assert refused.value.field == "data.train_size"
    assert client.runs.list() == []
    assert not client.machine.supervisor().is_running


def test_runs_are_found_by_the_start_of_their_id(client: Client, experiment: Experiment) -> None:
    [run] = client.store.runs.add(experiment, preset="p", tags=["a"])
    assert client.runs.get(run.id[:8]) == run
    assert client.runs.get(run.id) == run
    with pytest.raises(RunNotFound, match="zzz"):
        client.runs.get("zzz")


def test_curves_are_found_by_the_start_of_an_id_too(client: Client, experiment: Experiment) -> None:
    [run] = client.store.runs.add(experiment)
    finish(client, run.id)
    assert len(client.metrics.frame([run.id])) == 8
    assert client.metrics.frame([run.id[:8]]).equals(client.metrics.frame([run.id]))
    with pytest.raises(RunNotFound, match="zzz"):
        client.metrics.frame(["zzz"])


UNKNOWN = "0123456789abcdef" * 2


def test_every_verb_on_several_runs_says_which_one_is_not_there(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    verbs: list[Callable[[list[str]], object]] = [
        client.metrics,
        client.runs.wait,
        lambda ids: client.runs.list(ids=ids),
        lambda ids: client.runs.list(ids=ids, states=[RunState.FINISHED]),
    ]
    for verb in verbs:
        for missing in (UNKNOWN, "0123", "not-hex" * 4 + "1234", "\u00e9" * 32):
            with pytest.raises(RunNotFound, match=missing):
                verb([run.id, missing])


def test_verbs_on_several_runs_take_what_verbs_on_one_take(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    finish(client, run.id)
    for reference in (run.id[:8], run.id.upper(), f" {run.id} "):
        assert client.runs.get(reference).id == run.id
        assert len(client.metrics.frame([reference])) == 8
        assert [each.id for each in client.runs.list(ids=[reference])] == [run.id]
        assert [each.id for each in client.runs.wait([reference])] == [run.id]


def test_no_runs_have_no_metrics(client: Client) -> None:
    assert len(client.metrics.frame([])) == 0
    assert client.runs.list(ids=[]) == []


def test_a_job_beside_the_trainers_sees_no_gpu(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    module = ["http.server", "--bind", "127.0.0.1", "0"]
    job = start_job(*module, settings=client.settings, log=tmp_path / "job.log")
    try:
        seen = psutil.Process(job.pid).environ()
        assert seen["CUDA_VISIBLE_DEVICES"] == "-1"
        assert seen["CONVSCOPE_RESULTS"] == str(client.settings.results)
    finally:
        job.kill()
        job.wait()


def test_every_verb_on_a_run_that_is_not_there_says_so(client: Client) -> None:
    verbs: list[Callable[[str], object]] = [client.runs.get, client.runs.events, client.artifacts]
    verbs += [
        client.runs.log,
        client.runs.stop,
        client.runs.resume,
        client.runs.delete,
        client.runs.clone,
        client.runs.archive,
        client.metrics.history,
        client.metrics.test_scores,
    ]
    verbs += [
        client.predictions.can_predict,
        client.predictions.problem,
        client.datasets.validation_samples,
    ]
    verbs += [client.experiments.estimate_before, client.metrics.evaluate_on_test]
    verbs += [
        lambda run_id: client.predictions.predict(run_id, []),
        lambda run_id: client.runs.move_in_queue(run_id, 0),
        lambda run_id: client.runs.rename(run_id, "name"),
        lambda run_id: client.runs.set_tags(run_id, []),
        lambda run_id: client.runs.set_notes(run_id, ""),
    ]
    for verb in verbs:
        for missing in ("abcdef", UNKNOWN):
            with pytest.raises(RunNotFound, match=missing):
                verb(missing)


def test_a_runs_description_changes_and_the_revision_tells(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    seen = [client.revision()]
    for change in (
        lambda: client.runs.rename(run.id, "better"),
        lambda: client.runs.set_tags(run.id, ["x", "x", " y "]),
        lambda: client.runs.set_notes(run.id, "why"),
        lambda: client.runs.archive(run.id),
    ):
        change()
        seen.append(client.revision())
    assert len(set(seen)) == len(seen)
    now = client.runs.get(run.id)
    assert (now.name, now.tags, now.notes, now.archived) == ("better", ("x", "y"), "why", True)
    assert client.runs.list() == []
    assert client.runs.list(include_archived=True) == [now]
    assert client.runs.list(ids=[run.id]) == [now]


def test_metrics_come_as_a_long_frame_with_the_same_types_even_when_empty(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    empty = client.metrics.frame([run.id])
    assert list(empty.columns) == ["run_id", "epoch", "split", "name", "value", "seconds", "images"]
    finish(client, run.id)
    full = client.metrics.frame([run.id])
    assert len(full) == 8
    assert full.dtypes.to_dict() == empty.dtypes.to_dict()


def test_the_history_has_keras_names_and_the_test_scores_apart(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    finish(client, run.id)
    client.store.metrics.save_test_metrics(run.id, 2, {"loss": 3.0, "accuracy": 0.1})
    assert client.metrics.history(run.id)[1] == {
        "epoch": 2,
        "loss": 0.5,
        "accuracy": 0.5,
        "val_loss": 2.0,
        "val_accuracy": 0.25,
        "seconds": 3.0,
        "images": 200,
    }
    assert client.metrics.test_scores(run.id) == {"epoch": 2, "loss": 3.0, "accuracy": 0.1}


def test_a_clone_is_the_experiment_of_the_run(client: Client, experiment: Experiment) -> None:
    runs = client.store.runs.add(override(experiment, ["seeds=[7, 8]"]))
    assert client.runs.clone(runs[1].id) == experiment.for_seed(8)


def test_deleting_removes_the_files_and_only_of_an_ended_run(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    folder = client.settings.run_folder(run.id)
    (folder / "best").mkdir(parents=True)
    (folder / "best" / "best.keras").write_bytes(b"x")
    with pytest.raises(RunStateError, match="queued"):
        client.runs.delete(run.id)
    assert folder.exists()
    finish(client, run.id)
    client.runs.delete(run.id)
    assert not folder.exists()
    with pytest.raises(RunNotFound):
        client.runs.get(run.id)


def test_a_queued_run_stops_at_once_and_an_ended_one_cannot(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    client.runs.stop(run.id)
    assert client.runs.get(run.id).state is RunState.STOPPED
    with pytest.raises(RunStateError, match="stopped"):
        client.runs.stop(run.id)


def test_the_queue_can_be_reordered(client: Client, experiment: Experiment) -> None:
    first, second, third = client.store.runs.add(override(experiment, ["seeds=[1, 2, 3]"]))
    client.runs.move_in_queue(third.id[:12], 0)
    assert [run.id for run in client.runs.queue()] == [third.id, first.id, second.id]


def test_the_log_is_the_end_of_what_the_trainer_wrote(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    assert client.runs.log(run.id) == ""
    folder = client.settings.run_folder(run.id)
    folder.mkdir(parents=True)
    (folder / "log.txt").write_bytes(b"one\ntwo\n\xff three\n")
    assert client.runs.log(run.id, 2) == "two\n\N{REPLACEMENT CHARACTER} three"


def test_waiting_ends_with_the_time_or_with_the_runs(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    [waited] = client.runs.wait([run.id], timeout_s=0.1)
    assert waited.state is RunState.QUEUED
    finish(client, run.id)
    seen: list[RunState] = []
    [waited] = client.runs.wait([run.id], on_change=lambda runs: seen.append(runs[0].state))
    assert waited.state is RunState.FINISHED
    assert seen == [RunState.FINISHED]


def test_a_run_without_a_network_says_why_it_cannot_be_asked(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    assert client.predictions.can_predict(run.id) is False
    problem = client.predictions.problem(run.id[:8])
    assert problem == "small waits in the queue: it has no model yet."
    client.store.runs.claim_next("cpu")
    assert "first epoch" in (client.predictions.problem(run.id) or "")
    failure = Failure("nan_loss", "The loss became NaN.")
    client.store.runs.end(run.id, 1, RunState.FAILED, reason="nan", failure=failure)
    with pytest.raises(PredictionUnavailable, match="small is failed and left no model"):
        client.predictions.predict(run.id, [("a.png", b"")])


def test_the_test_split_cannot_be_looked_at_before_there_is_a_network(
    client: Client, experiment: Experiment
) -> None:
    [run] = client.store.runs.add(experiment)
    with pytest.raises(RunStateError, match="no finished epoch"):
        client.metrics.evaluate_on_test(run.id)


def test_slots_follow_the_machine_and_the_setting(client: Client) -> None:
    client.machine.set_cpu_slots(3)
    assert client.machine.slots().cpu_slots == 3
    assert {device.slot for device in client.machine.devices()} >= {
        "cpu",
        *client.machine.slots().gpus,
    }


def test_a_data_set_is_prepared_by_a_process_that_reports(
    settings: Settings, tmp_path: Path
) -> None:
    client = Client(replace(settings, cache=tmp_path / "cache"))
    assert client.datasets.get("digits").state is DatasetState.LOCAL
    client.datasets.prepare("digits")
    assert client.datasets.get("digits").state in {DatasetState.PREPARING, DatasetState.READY}
    deadline = time.monotonic() + 60
    while client.datasets.get("digits").state is DatasetState.PREPARING:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert client.datasets.get("digits").state is DatasetState.READY


def test_preparing_an_unknown_data_set_says_so(client: Client) -> None:
    with pytest.raises(UnknownDataset, match="cifar10"):
        client.datasets.prepare("no_such")


def test_the_demo_is_a_pair_that_differs_in_dropout_alone(client: Client) -> None:
    plain, dropout = demo_experiments()
    assert client.experiments.check(plain) == client.experiments.check(dropout) == []
    assert plain.data == dropout.data
    assert plain.training == dropout.training
    same = dropout.model.model_copy(update={"regularization": plain.model.regularization})
    assert same == plain.model
    assert dropout.model.regularization.dense_dropout > 0


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
