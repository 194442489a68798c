"""A whole network as one layer, and what prepares images for it."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from core.models.backbones import catalog
from core.models.ops.facts import Config, Facts, OpDoesNotFit, Shape, Window
from core.spec.backbone import Trainable


def resize(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Bilinear: every pixel that comes out is a mixture of two by two that come in."""
    height, width, channels = inputs[0]
    side = config["side"]
    # Each of the new pixels is this much of an old one further on.
    steps = (Fraction(height, side), Fraction(width, side))
    return Facts(
        output_shape=(side, side, channels),
        size_formula=f"{height} × {width} to {side} × {side}",
        window=Window(extent=(2, 2), strides=steps),
    )


def backbone(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """A network of keras.applications on square images. Raises OpDoesNotFit."""
    network, side = catalog.network(config["network"]), inputs[0][0]
    _check_side(network, side)
    _check_unfrozen(network, config)
    out = network.output_side(side)
    parameters = sum(network.parameters)
    seen, step = network.receptive_field, prod(stride for _, stride, _ in network.windows)
    return Facts(
        output_shape=(out, out, network.channels),
        parameters=parameters,
        trainable=network.num_trainable(config["trainable"], config["unfrozen_layers"]),
        formula=f"{network.num_layers} layers of {network.name}: {parameters}",
        size_formula=f"{side} px in steps of {step}: {out}",
        flops=round(network.flops * network.scale(side)),
        window=Window(extent=(seen, seen), strides=(step, step)) if seen else Window(whole=True),
    )


def kept_activations(side: int, config: Config) -> tuple[int, int]:
    """Numbers kept for the backward pass of one image, and those of the largest layer.

    A frozen layer's output is kept for nobody. By area from those of the default size.
    """
    network = catalog.network(config["network"])
    first = network.first_unfrozen(config["trainable"], config["unfrozen_layers"])
    scale = network.scale(side)
    kept = sum(network.activations[first:])
    return round(kept * scale), round(max(network.activations) * scale)


def _check_side(network: catalog.Network, side: int) -> None:
    if side >= network.smallest_size and network.output_side(side) >= 1:
        return
    raise OpDoesNotFit(
        "image_size",
        f"Got images of {side} pixels for {network.name}. Expected at least "
        f"{network.smallest_size}; it was made for {network.default_size}.",
    )


def _check_unfrozen(network: catalog.Network, config: Config) -> None:
    wanted = config["unfrozen_layers"]
    if config["trainable"] is not Trainable.LAST or wanted <= network.num_layers:
        return
    raise OpDoesNotFit("unfrozen_layers", too_many_unfrozen(network, wanted))


def too_many_unfrozen(network: catalog.Network, wanted: int) -> str:
    """What is wrong with unfreezing more layers than there are."""
    return (
        f"Got {wanted:,} layers to unfreeze, and {network.name} has {network.num_layers:,}. "
        f"Expected at most {network.num_layers:,}, or all."
    )
