"""`convscope presets`, `describe` and `run`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli.job_runner import say_why_nothing_starts
from core.cli.output import AsJson, print_json, print_table, say
from core.cli.wait import watch
from core.client import Client
from core.errors import FieldError, InvalidExperiment
from core.spec import Experiment, parse
from core.spec.grid import Axis, Grid, axis_from_text, grid_of
from core.spec.overrides import override
from core.text import printable, quote, shorten

if TYPE_CHECKING:
    from core.models.summary import Summary

_OWN_GRID = "own"

Reference = Annotated[
    str, typer.Argument(metavar="PRESET|FILE", help="A preset's name, or a TOML file.")
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="FIELD=VALUE",
        help="Set a field by its path, for instance training.epochs=3. Repeatable.",
    ),
]


def presets(as_json: AsJson = False) -> None:
    """List the experiments that ship with the lab."""
    found = Client().experiments.presets()
    if as_json:
        print_json(
            [
                {
                    "name": preset.name,
                    "title": preset.about.title,
                    "teaches": preset.about.teaches,
                    "group": preset.about.group,
                    "base": preset.about.base or None,
                    "grid": preset.grid.to_table() if preset.grid else None,
                    "dataset": preset.experiment.data.dataset,
                    "epochs": preset.experiment.total_epochs,
                    "reference": preset.about.reference,
                    "measured": [each.model_dump(mode="json") for each in preset.about.measured],
                }
                for preset in found
            ]
        )
        return
    print_table(
        ["name", "data set", "epochs", "title"],
        [
            [
                each.name,
                each.experiment.data.dataset,
                each.experiment.total_epochs,
                each.about.title,
            ]
            for each in found
        ],
    )


def describe(
    reference: Reference, assignments: Assignments = None, as_json: AsJson = False
) -> None:
    """Show every layer of a model.

    With its output size, its receptive field (the input pixels that one output depends on), its
    parameters and their formula, and its FLOPs.
    """
    client = Client()
    experiment, _ = _experiment(client, reference, assignments)
    summary = client.experiments.describe(experiment)
    if as_json:
        print_json(summary.to_dict())
        return
    _print_summary(summary)


def run(
    reference: Reference,
    assignments: Assignments = None,
    lists: Annotated[
        list[str] | None,
        typer.Option(
            "--grid",
            metavar="FIELD=VALUE,VALUE",
            help="One run per value. Repeat for all combinations; FIELD,FIELD=VALUE,... sets "
            "several fields to the same value. 'own' is the grid of the preset or file.",
        ),
    ] = None,
    seeds: Annotated[str | None, typer.Option(metavar="1,2,3", help="One run per seed.")] = None,
    name: Annotated[str | None, typer.Option(help="The runs' name.")] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="A tag of the runs. Repeatable.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Show progress until all have ended.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Launch runs in the background.

    They continue after this command has returned.
    """
    client = Client()
    experiment, preset = _experiment(client, reference, assignments)
    experiment = _named(_seeded(experiment, seeds), name)
    grid = _grid(client, reference, lists or ())
    runs = client.grids.submit(experiment, grid, preset=preset, tags=tags or ())
    ids = [each.id for each in runs]
    if as_json:
        print_json({"runs": ids})
    else:
        for each in runs:
            typer.echo(f"{each.id}  {printable(each.name)}  seed {each.seed}")
    say_why_nothing_starts(client)
    if not wait:
        say("Training in the background. See convscope runs, or convscope show RUN.")
        return
    watch(client, ids)


def _experiment(
    client: Client, reference: str, assignments: list[str] | None
) -> tuple[Experiment, str | None]:
    experiment, preset = client.experiments.read(reference)
    return override(experiment, assignments or ()), preset


def _grid(client: Client, reference: str, lists: Sequence[str]) -> Grid:
    axes: list[Axis] = []
    for each in lists:
        if each != _OWN_GRID:
            axes.append(axis_from_text(each))
            continue
        own = client.grids.read(reference)
        if own is None:
            raise InvalidExperiment(
                [FieldError("grid", f"{printable(shorten(reference))} has no grid.")]
            )
        axes += own.axes
    return grid_of(axes)


def _seeded(experiment: Experiment, seeds: str | None) -> Experiment:
    if seeds is None:
        return experiment
    return parse(experiment.to_dict() | {"seeds": numbers("seeds", seeds)})


def numbers(field: str, text: str) -> list[int]:
    """Whole numbers from text like 1,2,3. Raises InvalidExperiment that names the field."""
    try:
        return [int(each) for each in text.split(",")]
    except ValueError as error:
        raise InvalidExperiment(
            [FieldError(field, f"Expected whole numbers like 1,2,3. Got {quote(text)}.")]
        ) from error


def _named(experiment: Experiment, name: str | None) -> Experiment:
    return experiment if name is None else parse(experiment.to_dict() | {"name": name})


def _print_summary(summary: Summary) -> None:
    print_table(
        ["layer", "kind", "output", "receptive field", "parameters", "formula", "FLOPs", "note"],
        [
            [
                row.name,
                row.kind,
                " x ".join(str(side) for side in row.output_shape),
                " x ".join(str(side) for side in row.receptive_field),
                row.parameters,
                row.formula,
                row.flops,
                row.note,
            ]
            for row in summary.layers
        ],
    )
    typer.echo(
        f"\n{summary.parameters:,} parameters, {summary.trainable:,} of them trainable. "
        f"{summary.flops:,} FLOPs per image. About {summary.memory_bytes / 1e6:,.0f} MB of memory "
        f"to train with batch size {summary.batch_size}."
    )
