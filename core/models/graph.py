"""A model as a graph of primitive layers: finished (Plan) and under construction (Draft)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from types import MappingProxyType
from typing import Any

from core.errors import FieldError, ModelDoesNotFit
from core.models.ops import OPS, Config, Facts, OpDoesNotFit, Shape

INPUT = "images"
"""Name of the model's input in ``Node.inputs``."""

NO_PLACES: Mapping[str, str] = MappingProxyType({})
"""For layers whose arguments are all fields below the layer's field."""


@dataclass(frozen=True)
class Node:
    """One primitive layer: its kind, its inputs, its arguments, and what follows from them.

    ``receptive_field`` is (height, width) in pixels of the image; it may exceed the image.
    ``field`` is the part of the experiment that the layer comes from; ``size_field`` the field
    that determines its number of parameters.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    config: Config
    output_shape: Shape
    parameters: int
    trainable: int
    formula: str
    size_formula: str
    flops: int
    receptive_field: tuple[int, int]
    field: str
    size_field: str

    @property
    def kind(self) -> str:
        """Name of the Keras layer."""
        return OPS[self.op].kind

    @property
    def training_only(self) -> bool:
        """Whether the layer does nothing outside training."""
        return OPS[self.op].training_only


@dataclass(frozen=True)
class Plan:
    """A whole model in an order in which every node comes after its inputs."""

    input_shape: tuple[int, int, int]
    num_classes: int
    nodes: tuple[Node, ...]

    @property
    def parameters(self) -> int:
        """All parameters."""
        return sum(node.parameters for node in self.nodes)

    @property
    def trainable(self) -> int:
        """Parameters that are trained by gradients."""
        return sum(node.trainable for node in self.nodes)

    @property
    def flops(self) -> int:
        """FLOPs of one forward pass of one image (a multiply-add is two)."""
        return sum(node.flops for node in self.nodes)

    @property
    def output(self) -> str:
        """Name of the layer that outputs the class probabilities."""
        return self.nodes[-1].name

    def node(self, name: str) -> Node:
        """A node by name. Raises KeyError."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


@dataclass(frozen=True)
class _ReceptiveField:
    """Receptive field of an output, and the distance between two neighbouring outputs' fields.

    In pixels of the image; fractions if the image was enlarged before.
    """

    field: tuple[int | Fraction, int | Fraction] = (1, 1)
    jump: tuple[int | Fraction, int | Fraction] = (1, 1)


class Draft:
    """A plan under construction. Blocks append nodes to it."""

    def __init__(self, input_shape: tuple[int, int, int]) -> None:
        self.input_shape = input_shape
        self._nodes: dict[str, Node] = {}
        self._receptive_fields: dict[str, _ReceptiveField] = {INPUT: _ReceptiveField()}

    def add(
        self,
        op: str,
        inputs: str | tuple[str, ...],
        *,
        name: str,
        field: str,
        size_argument: str = "",
        places: Mapping[str, str] = NO_PLACES,
        **config: Any,
    ) -> str:
        """Append a layer and return its name, which is the next layer's input.

        ``field`` is the dotted path of the part of the experiment that the layer comes from,
        ``size_argument`` the field below that path that determines its number of parameters,
        ``places`` the dotted paths of arguments that are not fields below that path.
        Raises ModelDoesNotFit that names the field.
        """
        inputs = (inputs,) if isinstance(inputs, str) else inputs
        if name in self._nodes or name == INPUT:
            raise ValueError(f"Two layers are named {name!r}. Expected different names.")
        facts = self._facts(op, inputs, config, field, places)
        receptive = self._receptive_field(inputs, facts)
        self._receptive_fields[name] = receptive
        self._nodes[name] = Node(
            name=name,
            op=op,
            inputs=inputs,
            config=MappingProxyType(dict(config)),
            output_shape=facts.output_shape,
            parameters=facts.parameters,
            trainable=facts.trainable,
            formula=facts.formula,
            size_formula=facts.size_formula,
            flops=facts.flops,
            receptive_field=(ceil(receptive.field[0]), ceil(receptive.field[1])),
            field=field,
            size_field=f"{field}.{size_argument}" if size_argument else field,
        )
        return name

    @property
    def num_nodes(self) -> int:
        """Number of layers so far."""
        return len(self._nodes)

    def shape(self, name: str) -> Shape:
        """Output shape of a node, without the batch."""
        return self.input_shape if name == INPUT else self._nodes[name].output_shape

    def finish(self, num_classes: int) -> Plan:
        """The finished plan."""
        return Plan(self.input_shape, num_classes, tuple(self._nodes.values()))

    def _facts(
        self,
        op: str,
        inputs: tuple[str, ...],
        config: Config,
        field: str,
        places: Mapping[str, str],
    ) -> Facts:
        try:
            return OPS[op].facts(tuple(self.shape(each) for each in inputs), config)
        except OpDoesNotFit as error:
            place = places.get(error.argument, f"{field}.{error.argument}")
            raise ModelDoesNotFit([FieldError(place, str(error))]) from error

    def _receptive_field(self, inputs: tuple[str, ...], facts: Facts) -> _ReceptiveField:
        before = [self._receptive_fields[each] for each in inputs]
        window = facts.window
        field, jump = [], []
        for axis in (0, 1):
            seen = max(receptive.field[axis] for receptive in before)
            step = max(receptive.jump[axis] for receptive in before)
            wide = seen + (window.extent[axis] - 1) * step
            field.append(max(wide, self.input_shape[axis]) if window.whole else wide)
            jump.append(step * window.strides[axis])
        return _ReceptiveField((field[0], field[1]), (jump[0], jump[1]))
