"""Promise: `run --grid` queues one run a combination and prints their ids as `run` does."""

from __future__ import annotations

import pytest

from core.client import Client
from core.settings import Settings
from tests.core.cli.conftest import Convscope

SMALL = (
    "--set",
    "data.dataset=digits",
    "--set",
    "data.train_size=50",
    "--set",
    "training.epochs=1",
)
COEFFICIENTS = "model.regularization.conv_l2,model.regularization.dense_l2"


def queued(settings: Settings, ids: list[str]) -> list[tuple[str, float, float]]:
    """Name and coefficients of each run; they are stopped, as nobody waits for them."""
    client = Client(settings)
    runs = client.runs.list(ids=ids)
    for run in runs:
        if run.state.is_active:
            client.runs.stop(run.id)
    client.close()
    found = [run.config["model"]["regularization"] for run in runs]
    return [(r.name, c["conv_l2"], c["dense_l2"]) for r, c in zip(runs, found, strict=True)]


def test_the_grid_of_the_command_line(convscope: Convscope, settings: Settings) -> None:
    done = convscope("run", "l2", *SMALL, "--grid", f"{COEFFICIENTS}=1e-4,1e-2", "--json")
    assert done.code == 0, done.err
    assert queued(settings, done.json["runs"]) == [
        ("l2 conv_l2=dense_l2=0.0001", 1e-4, 1e-4),
        ("l2 conv_l2=dense_l2=0.01", 1e-2, 1e-2),
    ]


def test_the_presets_own_grid_and_one_more(convscope: Convscope, settings: Settings) -> None:
    done = convscope(
        "run",
        "l2",
        *SMALL,
        "--grid",
        "own",
        "--grid",
        "training.batch_size=8,16",
        "--json",
        "--name",
        "mine",
    )
    assert done.code == 0, done.err
    runs = queued(settings, done.json["runs"])
    assert [each[1] for each in runs] == [1e-4, 1e-4, 1e-3, 1e-3, 1e-2, 1e-2, 1e-1, 1e-1]
    assert runs[0][0] == "mine conv_l2=dense_l2=0.0001, batch_size=8"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--grid", "training.epochs=1,0"), "training.epochs"),
        (("--grid", "training.epochs"), "training.epochs"),
        (("--grid", "own"), "base_cnn brings no grid"),
        (
            (
                "--grid",
                f"training.epochs={','.join(map(str, range(1, 12)))}",
                "--seeds",
                ",".join(map(str, range(10))),
            ),
            "110 runs",
        ),
    ],
)
def test_a_wrong_grid_is_the_callers_to_mend(
    convscope: Convscope, settings: Settings, options: tuple[str, ...], named: str
) -> None:
    before = len(Client(settings).runs.list())
    done = convscope("run", "base_cnn", *SMALL, *options)
    assert done.code == 2
    assert named.replace("base_cnn brings no grid", "base_cnn brings no grid") in done.err
    assert len(Client(settings).runs.list()) == before


def test_presets_tell_their_base_and_grid(convscope: Convscope) -> None:
    presets = {each["name"]: each for each in convscope("presets", "--json").json}
    assert presets["l2"]["base"] == "base_cnn"
    assert presets["l2"]["grid"] == {
        COEFFICIENTS.replace(",", ", "): [1e-4, 1e-3, 1e-2, 1e-1],
    }
    assert presets["base_cnn"]["base"] is None
    assert presets["base_cnn"]["grid"] is None
