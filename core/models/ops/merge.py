"""Layers that do not change shapes, and layers that split or join branches."""

from __future__ import annotations

from core.models.ops.facts import Config, Facts, OpDoesNotFit, Shape


def unchanged(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """The same shape, no parameters: activations, dropout, scaling, augmentation."""
    return Facts(output_shape=inputs[0])


def channel_slice(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Channels ``start`` to ``stop`` (not included) of a map."""
    start, stop = config["start"], config["stop"]
    return Facts(
        output_shape=(*inputs[0][:-1], stop - start),
        size_formula=f"{stop} - {start} = {stop - start} maps" if start else f"{stop} maps",
    )


def add(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Sum of branches of one shape. Raises OpDoesNotFit."""
    if any(shape != inputs[0] for shape in inputs):
        raise OpDoesNotFit(
            "filters", f"Got branches of shapes {inputs}. Expected one shape: they are summed."
        )
    return Facts(output_shape=inputs[0])


def concatenate(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Branches side by side along the channels. Raises OpDoesNotFit."""
    if any(shape[:-1] != inputs[0][:-1] for shape in inputs):
        raise OpDoesNotFit(
            "strides", f"Got branches of shapes {inputs}. Expected the same height and width."
        )
    channels = [shape[-1] for shape in inputs]
    text = " + ".join(str(each) for each in channels)
    return Facts(
        output_shape=(*inputs[0][:-1], sum(channels)), size_formula=f"{text} = {sum(channels)} maps"
    )
