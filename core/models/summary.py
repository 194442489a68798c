"""A model's layers and their cost, before it is built."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import prod
from typing import Any

from core.datasets.catalog import DatasetInfo
from core.models.graph import Node, Plan
from core.models.ops import Config
from core.models.ops.backbone import kept_activations
from core.models.plan import plan
from core.spec.backbone import Trainable
from core.spec.experiment import Experiment
from core.spec.training import SGD, Adam, Optimizer, Training


@dataclass(frozen=True)
class LayerRow:
    """One layer in the table. Shapes are those of one image, without the batch.

    ``receptive_field`` is (height, width) in pixels of the image and may exceed it. ``flops``
    are those of one image. ``field`` is the part of the experiment that the layer comes from.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    trainable: int
    formula: str
    size_formula: str
    flops: int
    receptive_field: tuple[int, int]
    note: str
    field: str


@dataclass(frozen=True)
class Summary:
    """All layers and their totals.

    ``flops`` is one forward pass of one image; a multiply-add counts as two.
    ``memory_bytes`` estimates what training takes at the experiment's batch size, see
    ``training_memory``.
    """

    layers: tuple[LayerRow, ...]
    parameters: int
    trainable: int
    flops: int
    memory_bytes: int
    batch_size: int
    input_shape: tuple[int, int, int]
    num_classes: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, as ``convscope describe --json`` prints them."""
        return {
            "parameters": {"total": self.parameters, "trainable": self.trainable},
            "flops": self.flops,
            "memory_bytes": self.memory_bytes,
            "batch_size": self.batch_size,
            "input_shape": list(self.input_shape),
            "num_classes": self.num_classes,
            "layers": [_row_to_dict(row) for row in self.layers],
        }


def describe(experiment: Experiment, info: DatasetInfo) -> Summary:
    """Lay the experiment's model out for a data set. Raises ModelDoesNotFit."""
    planned = plan(experiment.model, experiment.data, info.image_shape, info.num_classes)
    return Summary(
        layers=tuple(_row(node) for node in planned.nodes),
        parameters=planned.parameters,
        trainable=planned.trainable,
        flops=planned.flops,
        memory_bytes=_memory(experiment, info, planned),
        batch_size=experiment.training.batch_size,
        input_shape=planned.input_shape,
        num_classes=planned.num_classes,
    )


def training_memory(planned: Plan, training: Training) -> int:
    """Estimated bytes that training takes, beside the engine's own few hundred megabytes.

    4 x parameters                       weights
    + 4 x trainable x (1 + moments)      gradients and the optimiser's moments (SGD 0, with
                                         momentum 1, RMSprop 1, Adam 2)
    + b x batch x (sum + 2 x largest)    every layer's output, kept for the backward pass, and
                                         the gradients on both sides of the largest; b is 4
                                         bytes, 2 under mixed precision
    """
    outputs = [_activations(node) for node in planned.nodes]
    width = 2 if training.mixed_precision else 4
    weights = 4 * planned.parameters
    moving = 4 * planned.trainable * (1 + _num_moments(training.optimizer))
    largest = max(each for _, each in outputs)
    kept = width * training.batch_size * (sum(each for each, _ in outputs) + 2 * largest)
    return weights + moving + kept


def _memory(experiment: Experiment, info: DatasetInfo, planned: Plan) -> int:
    """Of the segment that takes more: fine-tuning unfreezes layers."""
    training, backbone = experiment.training, experiment.model.backbone
    first = training_memory(planned, training)
    if training.fine_tuning is None or backbone is None:
        return first
    learns = {
        "trainable": Trainable(training.fine_tuning.trainable),
        "unfrozen_layers": training.fine_tuning.unfrozen_layers,
    }
    model = experiment.model.model_copy(update={"backbone": backbone.model_copy(update=learns)})
    tuned = plan(model, experiment.data, info.image_shape, info.num_classes)
    return max(first, training_memory(tuned, training))


def _activations(node: Node) -> tuple[int, int]:
    """Numbers of one image kept for the backward pass, and those of the largest layer."""
    if node.op == "backbone":
        return kept_activations(node.config["side"], node.config)
    size = prod(node.output_shape)
    return size, size


def _num_moments(optimizer: Optimizer) -> int:
    """How many moments the optimiser keeps per trainable parameter."""
    if isinstance(optimizer, Adam):
        return 2
    if isinstance(optimizer, SGD):
        return 1 if optimizer.momentum else 0
    return 1


def _row(node: Node) -> LayerRow:
    return LayerRow(
        name=node.name,
        kind=node.kind,
        output_shape=node.output_shape,
        parameters=node.parameters,
        trainable=node.trainable,
        formula=node.formula,
        size_formula=node.size_formula,
        flops=node.flops,
        receptive_field=node.receptive_field,
        note=_note(node),
        field=node.field,
    )


def _row_to_dict(row: LayerRow) -> dict[str, Any]:
    lists = {
        "output_shape": list(row.output_shape),
        "receptive_field": list(row.receptive_field),
    }
    return asdict(row) | lists


def _note(node: Node) -> str:
    """The arguments that the other columns do not show, the most important first."""
    config = node.config
    notes = _window_notes(config) + _backbone_notes(config)
    if "reference" in config:
        notes.append(config["reference"])
    if "pool_size" in config:
        notes.append("{0} × {0}".format(config["pool_size"]))
    if config.get("activation"):
        notes.append(config["activation"])
    if "rate" in config:
        whole = "for whole images, " if node.op == "stochastic_depth" else ""
        notes.append(f"{whole}rate {config['rate']:g}")
    if config.get("use_bias") is False:
        notes.append("no bias")
    notes += [f"{name.upper()} {config[name]:g}" for name in ("l1", "l2") if config.get(name)]
    if node.training_only:
        notes.append("only while training")
    return ", ".join(notes)


def _window_notes(config: Config) -> list[str]:
    """Window, stride, dilation and groups, for the layers that have them."""
    notes = []
    if "kernel_size" in config:
        notes.append("{} × {}".format(*config["kernel_size"]))
        notes.append(config["padding"])
        if max(config["strides"]) > 1:
            notes.append("stride {} × {}".format(*config["strides"]))
        if max(config["dilation_rate"]) > 1:
            notes.append(f"dilation {config['dilation_rate'][0]}")
    if config.get("groups", 1) > 1:
        notes.append(f"{config['groups']} groups")
    if "start" in config:
        notes.append(f"channels {config['start'] + 1} to {config['stop']} of {config['channels']}")
    return notes


def _backbone_notes(config: Config) -> list[str]:
    """Name of the backbone, and its trainable layers."""
    if "network" not in config:
        return []
    words = {
        Trainable.NONE: "frozen",
        Trainable.LAST: f"last {config['unfrozen_layers']} layers trainable",
        Trainable.ALL: "all layers trainable",
    }
    return [config["network"], words[config["trainable"]]]
