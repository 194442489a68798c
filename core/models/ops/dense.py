"""Dense layers and normalisations."""

from __future__ import annotations

from core.models.ops.facts import Config, Facts, OpDoesNotFit, Shape, Window


def dense(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Every unit reads every feature of a vector."""
    features, units = inputs[0][0], config["units"]
    bias = bool(config["use_bias"])
    parameters = (features + bias) * units
    formula = f"({features} + 1) × {units}" if bias else f"{features} × {units}"
    return Facts(
        output_shape=(units,),
        parameters=parameters,
        trainable=parameters,
        formula=f"{formula} = {parameters}",
        size_formula=f"{units} units",
        flops=2 * features * units,
        window=Window(whole=True),
    )


def batch_norm(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Per channel a trained scale and shift, and a tracked mean and variance."""
    channels = inputs[0][-1]
    return Facts(
        output_shape=inputs[0],
        parameters=4 * channels,
        trainable=2 * channels,
        formula=f"4 × {channels} = {4 * channels}",
    )


def layer_norm(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Normalises over the channels of each position: a scale and a shift per channel."""
    channels = inputs[0][-1]
    return Facts(
        output_shape=inputs[0],
        parameters=2 * channels,
        trainable=2 * channels,
        formula=f"2 × {channels} = {2 * channels}",
    )


def group_norm(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Normalises over groups of channels of one image: a scale and a shift per channel.

    Raises OpDoesNotFit when ``groups`` does not divide the channels.
    """
    channels, groups = inputs[0][-1], config["groups"]
    if channels % groups:
        raise OpDoesNotFit(
            "groups",
            f"Got {groups} groups for {channels} channels. Expected a number that divides the "
            "channels of every normalised layer. Change the groups or those filters.",
        )
    return layer_norm(inputs, config)
