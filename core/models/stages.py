"""A stage of a model: its convolutions one after the other, pooling, dropout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import FieldError, ModelDoesNotFit
from core.models.blocks import BLOCKS, Site
from core.models.blocks.site import convolve_by, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import Block, Convolution, Padding, Unit
from core.spec.model import Model, Pooling, Stage
from core.spec.regularizers import DropoutKind

# Deeper models take minutes to build; ResNet-152 has about 500 layers.
MAX_NODES = 2_000
"""Maximum number of layers; convolutions, normalisations and activations all count."""

_POOLS = {Pooling.MAX: "max_pool", Pooling.AVERAGE: "average_pool"}
_DROPOUTS = {DropoutKind.PLAIN: "dropout", DropoutKind.SPATIAL: "spatial_dropout"}


@dataclass(frozen=True)
class _Step:
    """One convolution of the model; a repeated one is several steps.

    ``stage`` and ``position`` are its indices in the spec.
    """

    stage: int
    position: int
    spec: Convolution
    following: Convolution | None
    skip_rate: float


def append_stages(draft: Draft, x: str, model: Model) -> str:
    """Append every stage. Raises ModelDoesNotFit."""
    steps = list(_steps(model))
    for index, stage in enumerate(model.stages):
        own = [step for step in steps if step.stage == index]
        x = _append_stage(draft, x, stage, own, model)
    return x


def append_dropout(
    draft: Draft, x: str, name: str, field: str, rate: float, op: str = "dropout"
) -> str:
    """Append a dropout layer unless its rate is 0."""
    if rate == 0.0:
        return x
    return draft.add(op, x, name=name, field=field, rate=rate)


def _steps(model: Model) -> Iterator[_Step]:
    row = [
        (index, position, spec)
        for index, stage in enumerate(model.stages)
        for position, spec in enumerate(stage.convolutions)
        for _ in range(spec.repeats)
    ]
    num_units = sum(isinstance(spec, Unit) for _, _, spec in row)
    unit = 0
    for (index, position, spec), following in zip(row, [*row[1:], None], strict=True):
        unit += isinstance(spec, Unit)
        # Early units are inputs of all others and are skipped less often, as in the paper on
        # stochastic depth (https://arxiv.org/abs/1603.09382).
        rate = model.regularization.stochastic_depth * unit / max(num_units, 1)
        yield _Step(index, position, spec, following[2] if following else None, rate)


def _append_stage(draft: Draft, x: str, stage: Stage, steps: list[_Step], model: Model) -> str:
    index = steps[0].stage
    name, field = f"stage{index + 1}", f"model.stages.{index}"
    for number, step in enumerate(steps, start=1):
        place = f"{field}.convolutions.{step.position}"
        _refuse_too_deep(draft, f"{place}.repeats")
        site = Site(f"{name}_conv{number}", place, model, step.following, step.skip_rate)
        x = BLOCKS[step.spec.kind](draft, x, step.spec, site)
    x = _append_pooling(draft, x, stage, name, field, model)
    own = stage.dropout is not None
    rate = stage.dropout if stage.dropout is not None else model.regularization.conv_dropout
    place = f"{field}.dropout" if own else "model.regularization.conv_dropout"
    op = _DROPOUTS[model.regularization.dropout_kind]
    return append_dropout(draft, x, f"{name}_dropout", place, rate, op)


def _append_pooling(draft: Draft, x: str, stage: Stage, name: str, field: str, model: Model) -> str:
    if stage.pooling in _POOLS:
        pool = _POOLS[stage.pooling]
        return draft.add(pool, x, name=f"{name}_{pool}", field=field, pool_size=stage.pool_size)
    if stage.pooling is Pooling.NONE:
        return x
    site = Site(f"{name}_strided_conv", field, model)
    size = (stage.pool_size, stage.pool_size)
    # Windows do not overlap, as in the other poolings, so the output has the same size.
    x = convolve_by(
        draft,
        x,
        site,
        filters=draft.shape(x)[2],
        kernel_size=size,
        strides=size,
        padding=Padding.VALID,
        use_bias=site.use_bias,
        size_argument="pool_size",
        places={"kernel_size": f"{field}.pool_size"},
    )
    return normalize_and_activate(draft, x, Block(), site)


def _refuse_too_deep(draft: Draft, field: str) -> None:
    if draft.num_nodes < MAX_NODES:
        return
    raise ModelDoesNotFit(
        [
            FieldError(
                field,
                f"Got a model of more than {MAX_NODES:,} layers. Expected fewer. Lower the "
                "repeats or remove convolutions.",
            )
        ]
    )
