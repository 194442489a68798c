"""Convolutions: output size as Keras computes it, parameters and FLOPs by formula."""

from __future__ import annotations

from core.models.ops.facts import Config, Facts, OpDoesNotFit, Shape, Window


def conv2d(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """Every filter reads all channels of its group; with one group, all channels.

    ``groups`` (default 1) must divide channels and filters. Raises OpDoesNotFit.
    """
    kernel, filters = config["kernel_size"], config["filters"]
    channels = _channels_per_group(inputs[0][2], config)
    height, width, size_formula = _output_size(inputs[0], config)
    weights = kernel[0] * kernel[1] * channels
    bias = bool(config["use_bias"])
    parameters = (weights + bias) * filters
    product = f"{kernel[0]} × {kernel[1]} × {channels}"
    formula = f"({product} + 1) × {filters}" if bias else f"{product} × {filters}"
    return Facts(
        output_shape=(height, width, filters),
        parameters=parameters,
        trainable=parameters,
        formula=f"{formula} = {parameters}",
        size_formula=size_formula,
        flops=2 * weights * filters * height * width,
        window=_window(config),
    )


def depthwise_conv2d(inputs: tuple[Shape, ...], config: Config) -> Facts:
    """``depth_multiplier`` (default 1) windows per channel; channels are not mixed.

    Raises OpDoesNotFit.
    """
    multiplier = config.get("depth_multiplier", 1)
    maps = inputs[0][2] * multiplier
    kernel = config["kernel_size"]
    height, width, size_formula = _output_size(inputs[0], config)
    bias = bool(config["use_bias"])
    weights = kernel[0] * kernel[1]
    parameters = (weights + bias) * maps
    product = f"{kernel[0]} × {kernel[1]}"
    outputs = f"{inputs[0][2]} × {multiplier}" if multiplier > 1 else f"{maps}"
    formula = f"({product} + 1) × {outputs}" if bias else f"{product} × {outputs}"
    return Facts(
        output_shape=(height, width, maps),
        parameters=parameters,
        trainable=parameters,
        formula=f"{formula} = {parameters}",
        size_formula=size_formula,
        flops=2 * weights * maps * height * width,
        window=_window(config),
    )


def _channels_per_group(channels: int, config: Config) -> int:
    groups = config.get("groups", 1)
    if channels % groups or config["filters"] % groups:
        raise OpDoesNotFit(
            "groups",
            f"Got {groups} groups for {channels} input channels and {config['filters']} "
            "filters. Expected a number that divides both. Change the groups, these filters or "
            "those of the layer before.",
        )
    return int(channels // groups)


def _window(config: Config) -> Window:
    rates = config["dilation_rate"]
    extent = tuple(
        _extent(size, rate) for size, rate in zip(config["kernel_size"], rates, strict=True)
    )
    return Window(extent=(extent[0], extent[1]), strides=config["strides"])


def _extent(kernel_size: int, dilation_rate: int) -> int:
    """Pixels from the first tap to the last, both included."""
    return (kernel_size - 1) * dilation_rate + 1


def _output_size(shape: Shape, config: Config) -> tuple[int, int, str]:
    if max(config["strides"]) > 1 and max(config["dilation_rate"]) > 1:
        raise OpDoesNotFit(
            "strides",
            f"Got stride {max(config['strides'])} with dilation rate "
            f"{max(config['dilation_rate'])}. A convolution can have one of the two: set the "
            "stride or the dilation rate to 1.",
        )
    sizes, formulas = [], []
    for axis in (0, 1):
        _check_kernel(shape, axis, config)
        extent = _extent(config["kernel_size"][axis], config["dilation_rate"][axis])
        size, formula = _side(shape[axis], extent, config["strides"][axis], config["padding"])
        sizes.append(size)
        formulas.append(formula)
    return sizes[0], sizes[1], both_sides(formulas)


def _side(side: int, extent: int, stride: int, padding: str) -> tuple[int, str]:
    if padding == "same":
        size = -(-side // stride)
        return size, f"⌈{side} / {stride}⌉ = {size}"
    size = (side - extent) // stride + 1
    return size, f"⌊({side} - {extent}) / {stride}⌋ + 1 = {size}"


def both_sides(formulas: list[str]) -> str:
    """One text for height and width: only one formula if they are equal."""
    return formulas[0] if formulas[0] == formulas[1] else " and ".join(formulas)


def _check_kernel(shape: Shape, axis: int, config: Config) -> None:
    side, kernel_size = shape[axis], config["kernel_size"][axis]
    extent = _extent(kernel_size, config["dilation_rate"][axis])
    if extent <= side:
        return
    # 3x3 on 2x2 with padding is allowed: every tap reads pixels, and small images are 2x2 after
    # two or three poolings. With larger kernels some taps would read only padding.
    if config["padding"] == "same" and (extent, side) == (3, 2):
        return
    argument = "kernel_size" if kernel_size > side or kernel_size == extent else "dilation_rate"
    spread = "" if extent == kernel_size else f", spread over {extent} pixels by its dilation,"
    raise OpDoesNotFit(
        argument,
        f"Got a kernel of size {kernel_size}{spread} on an input of {shape[0]} × {shape[1]} "
        f"pixels. Expected at most {side}. Make it smaller, or pool less before it.",
    )
