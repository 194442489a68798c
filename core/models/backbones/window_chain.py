"""The windows of a Keras model in a row: output size and receptive field for any image.

Of all paths through the graph, the chain is the one with the largest receptive field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.models.backbones.catalog import Window, side_after


@dataclass(frozen=True)
class Chain:
    """Windows in order. ``receptive_field`` is in pixels; 0 if it is the whole image."""

    windows: tuple[Window, ...] = ()
    seen: int = 1
    jump: int = 1
    padding: int = 0
    same: bool = False
    receptive_field: int = 1

    def output_side(self, side: int) -> int:
        """Height or width of the output for an image of this side."""
        return side_after(self.windows, side)

    def padded(self, padding: int, same: bool) -> Chain:
        """The chain with padding, which the next window includes."""
        return Chain(self.windows, self.seen, self.jump, self.padding + padding, same)

    def through(self, extent: int, stride: int, same: bool) -> Chain:
        """The chain with one more window."""
        same = same or self.same
        window = (extent, stride, -1 if same else self.padding)
        changes_nothing = stride == 1 and (same or extent == self.padding + 1)
        windows = self.windows if changes_nothing else (*self.windows, window)
        seen = self.seen + (extent - 1) * self.jump
        return Chain(windows, seen, self.jump * stride)


def window_chain(model: Any, padded_to_fit: set[int]) -> Chain:
    """The chain of a functional model.

    ``padded_to_fit``: ids of tensors that Keras pads to the output size of "same".
    """
    chains: dict[int, Chain | None] = {}
    sees_all = False
    # Operations and not layers, because some activations are only operations.
    for operation in model.operations:
        nodes = operation._inbound_nodes[0].parent_nodes
        before = [chains[id(node.operation)] for node in nodes]
        known = [chain for chain in before if chain is not None]
        if nodes and not known:
            chains[id(operation)] = None
        elif _kind(operation).startswith("Global"):
            # Squeeze and excitation: the weight of each map depends on the whole image.
            sees_all, chains[id(operation)] = True, None
        else:
            chain = max(known, key=lambda each: each.seen, default=Chain())
            to_fit = bool(nodes) and id(operation.input) in padded_to_fit
            chains[id(operation)] = _after(operation, chain, to_fit)
    last = chains[id(model.operations[-1])]
    assert last is not None  # noqa: S101 - a model without its top ends in maps
    return Chain(last.windows, last.seen, last.jump, receptive_field=0 if sees_all else last.seen)


def _after(layer: Any, chain: Chain, to_fit: bool) -> Chain:
    kind = _kind(layer)
    if kind == "Sequential":
        for each in layer.layers:
            chain = _after(each, chain, False)
        return chain
    if kind == "ZeroPadding2D":
        return chain.padded(sum(layer.padding[0]), to_fit)
    if kind == "Cropping2D":
        return chain.padded(-sum(layer.cropping[0]), False)
    if kind in ("Conv2D", "DepthwiseConv2D", "SeparableConv2D"):
        extent = (layer.kernel_size[0] - 1) * layer.dilation_rate[0] + 1
        return chain.through(extent, layer.strides[0], layer.padding == "same")
    if kind in ("MaxPooling2D", "AveragePooling2D"):
        return chain.through(layer.pool_size[0], layer.strides[0], layer.padding == "same")
    return chain


def _kind(layer: Any) -> str:
    return type(layer).__name__
