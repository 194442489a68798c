"""Pooling, global pooling and flattening of feature maps."""

from __future__ import annotations

from math import prod

from core.models.ops.convolution import both_sides
from core.models.ops.facts import Config, Facts, OpDoesNotFit, Shape, Window


def pool(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Windows that do not overlap; a remainder at the border is dropped. Raises OpDoesNotFit."""
    height, width, channels = inputs[0]
    size = config["pool_size"]
    if size > min(height, width):
        raise OpDoesNotFit(
            "pool_size",
            f"Got a pooling window of {size} × {size} on an input of {height} × {width} pixels. "
            f"Expected at most {min(height, width)}. Use fewer stages, a smaller window, or no "
            "pooling here.",
        )
    formulas = [f"⌊{side} / {size}⌋ = {side // size}" for side in (height, width)]
    return Facts(
        output_shape=(height // size, width // size, channels),
        size_formula=both_sides(formulas),
        window=Window(extent=(size, size), strides=(size, size)),
    )


def global_pool(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """One number per feature map."""
    channels = inputs[0][2]
    return Facts(
        output_shape=(channels,),
        size_formula=f"{channels} maps",
        window=Window(whole=True),
    )


def flatten(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Every position of every map, one after the other."""
    size = prod(inputs[0])
    product = " × ".join(str(side) for side in inputs[0])
    return Facts(
        output_shape=(size,), size_formula=f"{product} = {size}", window=Window(whole=True)
    )
