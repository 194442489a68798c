"""From an experiment's network to its plan: one source for the table of layers and for Keras."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import FieldError, ModelDoesNotFit
from core.models.blocks import BLOCKS, NORMALIZATIONS, Site
from core.models.graph import INPUT, Draft, Node, Plan
from core.models.input_layers import append_augmentation, append_scaling
from core.spec.blocks import Convolution
from core.spec.data import Data
from core.spec.model import Dense, Flattening, Model, Pooling, Stage
from core.spec.regularizers import Normalization

__all__ = ["INPUT", "MAX_NODES", "MAX_PARAMETERS", "OUTPUT", "Draft", "Node", "Plan", "plan"]

OUTPUT = "probabilities"
"""Name of the last layer: a probability for each class."""

# Adam keeps weights, gradients and two moments in 4 bytes each: 500 million parameters are
# 8 GB before the first activation. VGG-16 at its largest has 138 million.
MAX_PARAMETERS = 500_000_000
"""Networks with more parameters are refused."""

# Deeper networks take minutes to build and teach nothing; ResNet-152 has about 500 layers.
MAX_NODES = 2_000
"""Networks of more layers are refused, each convolution, normalisation, activation counted."""

_POOLS = {Pooling.MAX: "max_pool", Pooling.AVERAGE: "average_pool"}
_FLATTENINGS = {
    Flattening.FLATTEN: "flatten",
    Flattening.GLOBAL_AVERAGE: "global_average_pool",
    Flattening.GLOBAL_MAX: "global_max_pool",
}


def plan(model: Model, data: Data, input_shape: tuple[int, int, int], num_classes: int) -> Plan:
    """Lay a network out for images of ``input_shape`` (height, width, channels).

    Scaling and augmentation of the images are its first layers. Raises ModelDoesNotFit that
    names the field: a kernel or a pooling window larger than its input, too many parameters
    or layers.
    """
    draft = Draft(input_shape)
    x = append_scaling(draft, INPUT, data)
    x = append_augmentation(draft, x, data.augmentation)
    for index, stage in enumerate(model.stages):
        x = _append_stage(draft, x, stage, index, model)
    x = draft.add(_FLATTENINGS[model.flatten], x, name=model.flatten.value, field="model.flatten")
    for index, dense in enumerate(model.dense):
        x = _append_dense(draft, x, dense, index, model)
    _append_output(draft, x, model, num_classes)
    finished = draft.finish(num_classes)
    _refuse_too_many_parameters(finished)
    return finished


def _append_stage(draft: Draft, x: str, stage: Stage, index: int, model: Model) -> str:
    name, field = f"stage{index + 1}", f"model.stages.{index}"
    for number, (position, spec, following) in enumerate(_in_stage(model, index), start=1):
        place = f"{field}.convolutions.{position}"
        _refuse_too_deep(draft, f"{place}.repeats")
        site = Site(f"{name}_conv{number}", place, model, following)
        x = BLOCKS[spec.kind](draft, x, spec, site)
    if stage.pooling in _POOLS:
        pool = _POOLS[stage.pooling]
        x = draft.add(pool, x, name=f"{name}_{pool}", field=field, pool_size=stage.pool_size)
    own = stage.dropout is not None
    rate = stage.dropout if stage.dropout is not None else model.regularization.conv_dropout
    place = f"{field}.dropout" if own else "model.regularization.conv_dropout"
    return _append_dropout(draft, x, f"{name}_dropout", place, rate)


def _in_stage(model: Model, index: int) -> Iterator[tuple[int, Convolution, Convolution | None]]:
    """A stage's convolutions, repeats counted out: position in the spec, itself, the next one."""
    row = [
        (position, spec)
        for position, spec in enumerate(model.stages[index].convolutions)
        for _ in range(spec.repeats)
    ]
    behind = model.stages[index + 1 : index + 2]
    after = [spec for _, spec in row[1:]] + [behind[0].convolutions[0] if behind else None]
    for (position, spec), following in zip(row, after, strict=True):
        yield position, spec, following


def _append_dense(draft: Draft, x: str, dense: Dense, index: int, model: Model) -> str:
    name, field = f"dense{index + 1}", f"model.dense.{index}"
    x = draft.add(
        "dense",
        x,
        name=name,
        field=field,
        size_argument="units",
        units=dense.units,
        use_bias=not model.dense_normalization,
        activation=None,
        kernel_initializer=model.kernel_initializer.value,
        l2=model.regularization.dense_l2,
    )
    if model.dense_normalization:
        kind = NORMALIZATIONS.get(model.normalization, NORMALIZATIONS[Normalization.BATCH])
        x = draft.add(kind, x, name=f"{name}_norm", field="model.dense_normalization")
    activation = dense.activation or model.activation
    x = draft.add(
        "activation",
        x,
        name=f"{name}_{activation.value}",
        field=f"{field}.activation" if dense.activation else "model.activation",
        activation=activation.value,
    )
    own = dense.dropout is not None
    rate = dense.dropout if dense.dropout is not None else model.regularization.dense_dropout
    place = f"{field}.dropout" if own else "model.regularization.dense_dropout"
    return _append_dropout(draft, x, f"{name}_dropout", place, rate)


def _append_output(draft: Draft, x: str, model: Model, num_classes: int) -> None:
    draft.add(
        "dense",
        x,
        name=OUTPUT,
        # The number of classes is given; what makes this layer large is what it is fed.
        field="model.flatten",
        units=num_classes,
        use_bias=True,
        activation="softmax",
        kernel_initializer=model.kernel_initializer.value,
        l2=model.regularization.dense_l2,
    )


def _append_dropout(draft: Draft, x: str, name: str, field: str, rate: float) -> str:
    if rate == 0.0:
        return x
    return draft.add("dropout", x, name=name, field=field, rate=rate)


def _refuse_too_deep(draft: Draft, field: str) -> None:
    if draft.num_nodes < MAX_NODES:
        return
    raise ModelDoesNotFit(
        [
            FieldError(
                field,
                f"Got a network of more than {MAX_NODES:,} layers. Expected fewer. Lower the "
                "repeats or take out convolutions.",
            )
        ]
    )


def _refuse_too_many_parameters(finished: Plan) -> None:
    if finished.parameters <= MAX_PARAMETERS:
        return
    largest = max(finished.nodes, key=lambda node: node.parameters)
    raise ModelDoesNotFit(
        [
            FieldError(
                largest.size_field,
                f"Got a network of {finished.parameters:,} parameters, {largest.parameters:,} of "
                f"them in layer {largest.name} ({largest.formula}). Expected at most "
                f"{MAX_PARAMETERS:,}. Make this layer smaller, or pool more before it.",
            )
        ]
    )
