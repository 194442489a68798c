"""From an experiment's model to its plan, from which the table of layers and Keras' model come."""

from __future__ import annotations

from core.errors import FieldError, ModelDoesNotFit
from core.models.backbones.layers import append_backbone
from core.models.blocks.site import append_normalization
from core.models.graph import INPUT, Draft, Node, Plan
from core.models.input_layers import append_augmentation, append_scaling
from core.models.stages import MAX_NODES, append_dropout, append_stages
from core.spec.data import Data
from core.spec.model import Dense, Flattening, Model
from core.spec.own import OwnModel
from core.spec.regularizers import Normalization

__all__ = ["INPUT", "MAX_NODES", "MAX_PARAMETERS", "OUTPUT", "Draft", "Node", "Plan", "plan"]

OUTPUT = "probabilities"
"""Name of the last layer: a probability for each class."""

# Adam keeps weights, gradients and two moments in 4 bytes each: 500 million parameters are
# 8 GB before the first activation. VGG-16 at its largest has 138 million.
MAX_PARAMETERS = 500_000_000
"""Maximum number of parameters of a model."""

_FLATTENINGS = {
    Flattening.FLATTEN: "flatten",
    Flattening.GLOBAL_AVERAGE: "global_average_pool",
    Flattening.GLOBAL_MAX: "global_max_pool",
}


def plan(model: Model, data: Data, input_shape: tuple[int, int, int], num_classes: int) -> Plan:
    """Lay a model out for images of ``input_shape`` (height, width, channels).

    Scaling and augmentation of the images are its first layers. Raises ModelDoesNotFit that
    names the field: a kernel or a pooling window larger than its input, too many parameters
    or layers, a backbone that is unknown or whose images are too small.
    """
    draft = Draft(input_shape)
    x = append_scaling(draft, INPUT, data)
    x = append_augmentation(draft, x, data.augmentation)
    if model.own is not None:
        append_own(draft, x, model.own, num_classes)
        return draft.finish(num_classes)
    if model.backbone is None:
        x = append_stages(draft, x, model)
    else:
        x = append_backbone(draft, x, model.backbone, data)
    x = draft.add(_FLATTENINGS[model.flatten], x, name=model.flatten.value, field="model.flatten")
    for index, dense in enumerate(model.dense):
        x = _append_dense(draft, x, dense, index, model)
    _append_output(draft, x, model, num_classes)
    finished = draft.finish(num_classes)
    _refuse_too_many_parameters(finished)
    return finished


def append_own(draft: Draft, x: str, own: OwnModel, num_classes: int) -> None:
    """Append a model of own code as one layer: its layers are known only once it is built."""
    draft.add(
        "own_model",
        x,
        name=OUTPUT,
        field="model.own",
        reference=own.reference,
        folder=own.folder,
        values=own.values,
        units=num_classes,
    )


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
        l1=model.regularization.dense_l1,
        l2=model.regularization.dense_l2,
    )
    if model.dense_normalization:
        own = model.normalization is not Normalization.NONE
        kind = model.normalization if own else Normalization.BATCH
        place = "model.dense_normalization"
        x = append_normalization(draft, x, model, kind, name=f"{name}_norm", field=place)
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
    return append_dropout(draft, x, f"{name}_dropout", place, rate)


def _append_output(draft: Draft, x: str, model: Model, num_classes: int) -> None:
    draft.add(
        "dense",
        x,
        name=OUTPUT,
        # The number of classes is fixed, so the size of the layer depends on its input.
        field="model.flatten",
        units=num_classes,
        use_bias=True,
        activation="softmax",
        kernel_initializer=model.kernel_initializer.value,
        l1=model.regularization.dense_l1,
        l2=model.regularization.dense_l2,
    )


def _refuse_too_many_parameters(finished: Plan) -> None:
    if finished.parameters <= MAX_PARAMETERS:
        return
    largest = max(finished.nodes, key=lambda node: node.parameters)
    raise ModelDoesNotFit(
        [
            FieldError(
                largest.size_field,
                f"Got a model of {finished.parameters:,} parameters, {largest.parameters:,} of "
                f"them in layer {largest.name} ({largest.formula}). Expected at most "
                f"{MAX_PARAMETERS:,}. Make this layer smaller, or pool more before it.",
            )
        ]
    )
