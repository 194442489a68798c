"""Whole models as one layer (a backbone, own code), and the resizing of images."""

from __future__ import annotations

from fractions import Fraction
from math import prod

from core.models.backbones import catalog
from core.models.ops.facts import Config, Facts, OpDoesNotFit, Shape, Window
from core.spec.backbone import Trainable


def resize(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Bilinear resizing: every output pixel is a mean of two by two input pixels."""
    height, width, channels = inputs[0]
    side = config["side"]
    # The distance between two new pixels, in old ones.
    steps = (Fraction(height, side), Fraction(width, side))
    return Facts(
        output_shape=(side, side, channels),
        size_formula=f"{height} × {width} to {side} × {side}",
        window=Window(extent=(2, 2), strides=steps),
    )


def backbone(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """A backbone of keras.applications on square images. Raises OpDoesNotFit."""
    info, side = catalog.info(config["network"]), inputs[0][0]
    _check_side(info, side)
    _check_unfrozen(info, config)
    out = info.output_side(side)
    parameters = sum(info.parameters)
    seen, step = info.receptive_field, prod(stride for _, stride, _ in info.windows)
    return Facts(
        output_shape=(out, out, info.channels),
        parameters=parameters,
        trainable=info.num_trainable(config["trainable"], config["unfrozen_layers"]),
        formula=f"{info.num_layers} layers of {info.name}: {parameters}",
        size_formula=f"{side} px in steps of {step}: {out}",
        flops=round(info.flops * info.scale(side)),
        window=Window(extent=(seen, seen), strides=(step, step)) if seen else Window(whole=True),
    )


def own_model(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Own code as one layer: a probability per class. Parameters and FLOPs are unknown, and 0."""
    return Facts(
        output_shape=(config["units"],),
        formula="known only once it is built",
        window=Window(whole=True),
    )


def kept_activations(side: int, config: Config) -> tuple[int, int]:
    """Activations kept for the backward pass of one image, and those of the largest layer.

    Outputs of frozen layers are not kept. Scaled by area from those of the default size.
    """
    info = catalog.info(config["network"])
    first = info.first_unfrozen(config["trainable"], config["unfrozen_layers"])
    scale = info.scale(side)
    kept = sum(info.activations[first:])
    return round(kept * scale), round(max(info.activations) * scale)


def _check_side(info: catalog.BackboneInfo, side: int) -> None:
    if side >= info.smallest_size and info.output_side(side) >= 1:
        return
    raise OpDoesNotFit(
        "image_size",
        f"Got images of {side} pixels for {info.name}. Expected at least "
        f"{info.smallest_size}; it was made for {info.default_size}.",
    )


def _check_unfrozen(info: catalog.BackboneInfo, config: Config) -> None:
    wanted = config["unfrozen_layers"]
    if config["trainable"] is not Trainable.LAST or wanted <= info.num_layers:
        return
    raise OpDoesNotFit("unfrozen_layers", too_many_unfrozen(info, wanted))


def too_many_unfrozen(info: catalog.BackboneInfo, wanted: int) -> str:
    """The message for more layers to unfreeze than the backbone has."""
    return (
        f"Got {wanted:,} layers to unfreeze, and {info.name} has {info.num_layers:,}. "
        f"Expected at most {info.num_layers:,}, or all."
    )
