"""What scripts can rely on: JSON shapes, exit codes, and messages on standard error."""

from __future__ import annotations

import resource
import socket
from pathlib import Path

import pytest

from core.client import Client
from core.records.runs import RunState
from core.settings import Settings
from core.spec import parse
from core.spec.overrides import override
from core.training.reporter import EpochRecord
from tests.core.cli.conftest import Convscope

COMMANDS = (
    "presets",
    "describe",
    "run",
    "runs",
    "show",
    "stop",
    "resume",
    "predict",
    "search",
    "searches",
    "trials",
    "pause",
    "end",
    "promote",
    "data",
    "release",
    "worker",
    "serve",
)


def test_help_lists_every_command(convscope: Convscope) -> None:
    done = convscope("--help")
    assert done.code == 0
    for command in COMMANDS:
        assert f"\n  {command} " in done.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(convscope: Convscope, command: str) -> None:
    done = convscope(command, "--help")
    assert done.code == 0
    assert "Usage:" in done.out


@pytest.mark.processes
@pytest.mark.timing
@pytest.mark.parametrize("arguments", [("--help",), ("presets", "--json")])
def test_it_answers_at_once(convscope: Convscope, arguments: tuple[str, ...]) -> None:
    # Processor time: what a person waits for on a machine that does nothing else.
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        convscope(*arguments)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)
    assert min(seconds) < 0.7


def test_presets_are_a_list_with_names(convscope: Convscope) -> None:
    done = convscope("presets", "--json")
    assert done.code == 0
    assert "basic_cnn" in [preset["name"] for preset in done.json]
    assert "basic_cnn" in convscope("presets").out


def test_describe_gives_parameters_formulas_and_flops(convscope: Convscope) -> None:
    done = convscope("describe", "basic_cnn", "--json")
    assert done.code == 0
    described = done.json
    assert described["parameters"]["total"] == sum(r["parameters"] for r in described["layers"])
    assert described["parameters"]["trainable"] <= described["parameters"]["total"]
    assert described["flops"] > 0
    for row in described["layers"]:
        assert {"name", "kind", "output_shape", "parameters", "formula"} <= set(row)
    first = next(row for row in described["layers"] if row["kind"] == "Conv2D")
    assert first["parameters"] == 3 * 3 * 3 * 32 + 32
    assert (
        f"{described['parameters']['total']:,} parameters" in convscope("describe", "basic_cnn").out
    )


def test_describe_shows_what_each_layer_sees(convscope: Convscope) -> None:
    lines = [line.split("  ") for line in convscope("describe", "basic_cnn").out.splitlines()]
    cells = {line[0]: [each.strip() for each in line if each.strip()] for line in lines}
    assert cells["layer"][3] == "sees"
    # A 3 x 3 convolution, a pool of 2, a 3 x 3 over pooled maps: 3, 4, 4 + 2 * 2.
    seen = [cells[name][3] for name in ("stage1_conv1", "stage1_max_pool", "stage2_conv1")]
    assert seen == ["3 x 3", "4 x 4", "8 x 8"]


def test_a_preset_follows_another_data_set(convscope: Convscope) -> None:
    done = convscope("describe", "basic_cnn", "--set", "data.dataset=digits", "--json")
    assert done.json["input_shape"] == [8, 8, 1]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("describe", "no_such"), "no_such"),
        (("describe", "no/such.toml"), "no/such.toml"),
        (("describe", "x" * 300 + ".toml"), "no experiment file"),
        (("describe", "basic_cnn", "--set", "training.epoch=3"), "training.epoch"),
        (("describe", "basic_cnn", "--set", "training.epochs"), "training.epochs"),
        (("describe", "basic_cnn", "--set", "data.dataset=cifar12"), "cifar12"),
        (("run", "basic_cnn", "--set", "training.epochs=1000000"), "training.epochs"),
        (("run", "basic_cnn", "--set", "training.learning_rate=nan"), "training.learning_rate"),
        (("run", "basic_cnn", "--seeds", "1,x"), "seeds"),
        (("run", "basic_cnn", "--seeds", "1,1"), "seeds"),
        (("run", "basic_cnn", "--seeds", ""), "seeds"),
        (("run", "basic_cnn", "--set", "data.dataset=nowhere"), "data.dataset"),
        (("run", "basic_cnn", "--name", "x" * 200), "name"),
        (("show", "abc123"), "abc123"),
        (("stop", "../etc"), "../etc"),
        (("resume", "abc123"), "abc123"),
        (("predict", "abc123", "a.png"), "abc123"),
        (("data", "--prepare", "no_such"), "no_such"),
        (("serve", "--port", "99999"), "65535"),
        (("nonsense",), "nonsense"),
        (("runs", "--state", "sleeping"), "sleeping"),
        (("run",), "PRESET"),
    ],
)
def test_a_wrong_command_is_told_on_standard_error_with_code_2(
    convscope: Convscope, arguments: tuple[str, ...], named: str
) -> None:
    done = convscope(*arguments)
    assert done.code == 2, done.err
    assert named in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_nothing_was_launched_by_wrong_commands(convscope: Convscope, settings: Settings) -> None:
    convscope("run", "basic_cnn", "--set", "training.epochs=0")
    assert Client(settings).runs.list() == []
    assert not Client(settings).machine.supervisor().is_running


def test_a_broken_file_is_named(convscope: Convscope, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("training = [", encoding="utf-8")
    done = convscope("describe", "./broken.toml")
    assert done.code == 2
    assert "broken.toml is not TOML" in done.err


def test_a_message_cannot_command_the_terminal(convscope: Convscope, tmp_path: Path) -> None:
    (tmp_path / "evil.toml").write_text('"\\u001b]0;owned\\u0007" = 1\n', encoding="utf-8")
    done = convscope("describe", "evil.toml")
    assert done.code == 2
    assert "owned" in done.err
    assert all(each.isprintable() or each == "\n" for each in done.err)


def test_runs_and_show_have_the_shapes_that_were_promised(
    convscope: Convscope, settings: Settings
) -> None:
    assert convscope("runs", "--json").json == []
    client = Client(settings)
    experiment = override(
        client.experiments.preset("basic_cnn").experiment, ["data.dataset=digits"]
    )
    [run] = client.store.runs.add(experiment, preset="basic_cnn", tags=["t"])
    client.store.runs.claim_next("cpu")
    values = {"loss": float("nan"), "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": 0.25}
    client.store.metrics.save_epoch(run.id, 1, EpochRecord(1, values, 1.5, 100))
    client.store.runs.end(run.id, 1, RunState.FINISHED, reason="done")

    [listed] = convscope("runs", "--json").json
    best = {"epoch": 1, "val_accuracy": 0.25, "val_loss": 2.0}
    assert listed == {
        "id": run.id,
        "name": "basic_cnn",
        "state": "finished",
        "preset": "basic_cnn",
        "dataset": "digits",
        "epochs_done": 1,
        "best": best,
    }
    shown = convscope("show", run.id[:8], "--json").json
    assert {"id", "state", "attempt", "config", "history", "best"} <= set(shown)
    assert shown["best"] == best
    assert parse(shown["config"]) == experiment.for_seed(experiment.seed)
    [epoch] = shown["history"]
    # JSON has no NaN.
    assert epoch["loss"] is None
    assert (epoch["epoch"], epoch["val_loss"], epoch["val_accuracy"]) == (1, 2.0, 0.25)
    assert [event["after"] for event in shown["events"]] == ["queued", "running", "finished"]
    assert shown["artifacts"] == []
    assert shown["error"] is None
    for table in (convscope("runs").out, convscope("show", run.id[:8]).out):
        assert run.id[:8] in table
        assert "0.25" in table
    assert convscope("runs", "--state", "failed", "--json").json == []

    refused = convscope("stop", run.id)
    assert refused.code == 1
    assert "finished" in refused.err
    [waiting] = client.store.runs.add(experiment)
    both = convscope("stop", run.id, waiting.id, "--json")
    assert both.code == 1
    assert [each["state"] for each in both.json["runs"]] == ["finished", "stopped"]
    assert run.id[:8] in both.err
    unavailable = convscope("predict", run.id, "a.png")
    assert unavailable.code == 1
    assert "no model" in unavailable.err


def test_the_data_sets_are_listed_with_what_can_be_done(convscope: Convscope) -> None:
    listed = {each["name"]: each for each in convscope("data", "--json").json}
    assert listed["digits"]["state"] in {"local", "ready"}
    assert listed["cifar10"]["image_shape"] == [32, 32, 3]
    assert "CIFAR-10" in convscope("data").out


def test_digits_are_prepared_on_request(convscope: Convscope) -> None:
    done = convscope("data", "--prepare", "digits", "--json")
    assert done.code == 0
    [prepared] = done.json
    assert prepared["state"] == "ready"


def test_a_taken_port_is_told_with_another_one(convscope: Convscope) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = convscope("serve", "--port", str(port))
    assert done.code == 1
    assert f"Port {port}" in done.err
    assert "--port" in done.err


def test_ending_a_supervisor_that_is_not_there_is_no_error(convscope: Convscope) -> None:
    done = convscope("worker", "--stop")
    assert done.code == 0
    assert "No job runner" in done.err


def test_a_wrong_field_of_a_single_run_is_not_said_of_a_point_of_a_grid(
    convscope: Convscope,
) -> None:
    done = convscope("run", "basic_cnn", "--set", "data.dataset=nope")
    assert done.code == 2
    assert "data.dataset: Unknown data set 'nope'." in done.err
