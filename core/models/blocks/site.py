"""A block's place in the model, and functions that append the layers of several kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.models.graph import NO_PLACES, Draft
from core.spec.blocks import Block, Conv, Padding, Window
from core.spec.model import Model
from core.spec.regularizers import Normalization

NORMALIZATIONS = {
    Normalization.BATCH: "batch_norm",
    Normalization.LAYER: "layer_norm",
    Normalization.GROUP: "group_norm",
}
"""The layer of each normalisation; ``none`` has none."""


@dataclass(frozen=True)
class Site:
    """A block's place: the prefix of its layers' names, its path in the experiment, the model.

    ``following`` is the next convolution of the model; None for the last. ``skip_rate``: share
    of images for which a residual unit is skipped while training.
    """

    name: str
    field: str
    model: Model
    following: Block | None = None
    skip_rate: float = 0.0

    @property
    def use_bias(self) -> bool:
        """Whether the last convolution before the normalisation has a bias.

        A normalisation has a shift, so a bias before it would have no effect.
        """
        return self.model.normalization is Normalization.NONE

    @property
    def kernel(self) -> dict[str, Any]:
        """Initialiser and penalties of convolution kernels."""
        return {
            "kernel_initializer": self.model.kernel_initializer.value,
            "l1": self.model.regularization.conv_l1,
            "l2": self.model.regularization.conv_l2,
        }


def convolve(
    draft: Draft,
    x: str,
    spec: Conv,
    site: Site,
    *,
    suffix: str = "",
    kernel_size: tuple[int, int] | None = None,
    strides: tuple[int, int] | None = None,
    dilation_rate: int = 1,
    groups: int = 1,
    use_bias: bool | None = None,
) -> str:
    """Append one Conv2D; arguments that are not given are the block's fields."""
    return convolve_by(
        draft,
        x,
        site,
        suffix=suffix,
        filters=spec.filters,
        kernel_size=kernel_size or (spec.kernel_size, spec.kernel_size),
        strides=strides or (spec.strides, spec.strides),
        padding=spec.padding,
        dilation_rate=dilation_rate,
        groups=groups,
        use_bias=site.use_bias if use_bias is None else use_bias,
    )


def convolve_by(
    draft: Draft,
    x: str,
    site: Site,
    *,
    filters: int,
    kernel_size: tuple[int, int] = (1, 1),
    strides: tuple[int, int] = (1, 1),
    padding: Padding = Padding.SAME,
    dilation_rate: int = 1,
    groups: int = 1,
    use_bias: bool,
    suffix: str = "",
    field: str = "",
    size_argument: str = "filters",
    places: Mapping[str, str] = NO_PLACES,
) -> str:
    """Append one Conv2D of these arguments; ``field`` if they are not the block's fields."""
    return draft.add(
        "conv2d",
        x,
        name=site.name + suffix,
        field=field or site.field,
        size_argument=size_argument,
        places=places,
        filters=filters,
        kernel_size=kernel_size,
        strides=strides,
        padding=padding.value,
        dilation_rate=(dilation_rate, dilation_rate),
        groups=groups,
        use_bias=use_bias,
        **site.kernel,
    )


def convolve_depthwise(
    draft: Draft,
    x: str,
    spec: Window,
    site: Site,
    *,
    padding: Padding = Padding.SAME,
    depth_multiplier: int = 1,
    use_bias: bool,
    suffix: str = "_depthwise",
    size_argument: str = "kernel_size",
) -> str:
    """Append one DepthwiseConv2D with the block's window and stride."""
    return draft.add(
        "depthwise_conv2d",
        x,
        name=site.name + suffix,
        field=site.field,
        size_argument=size_argument,
        kernel_size=(spec.kernel_size, spec.kernel_size),
        strides=(spec.strides, spec.strides),
        padding=padding.value,
        dilation_rate=(1, 1),
        depth_multiplier=depth_multiplier,
        use_bias=use_bias,
        **site.kernel,
    )


def normalize_and_activate(
    draft: Draft, x: str, spec: Block, site: Site, *, suffix: str = ""
) -> str:
    """Append what follows a convolution: normalisation, then activation."""
    return activate(draft, normalize(draft, x, site, suffix=suffix), spec, site, suffix=suffix)


def normalize(draft: Draft, x: str, site: Site, *, suffix: str = "") -> str:
    """Append the model's normalisation, if it has one."""
    if site.model.normalization is Normalization.NONE:
        return x
    return append_normalization(
        draft,
        x,
        site.model,
        site.model.normalization,
        name=f"{site.name}{suffix}_norm",
        field="model.normalization",
    )


def append_normalization(
    draft: Draft, x: str, model: Model, normalization: Normalization, *, name: str, field: str
) -> str:
    """Append one normalisation. Raises ModelDoesNotFit if its groups do not divide the channels."""
    config: dict[str, Any] = {}
    if normalization is Normalization.GROUP:
        config["groups"] = model.normalization_groups
    return draft.add(
        NORMALIZATIONS[normalization],
        x,
        name=name,
        field=field,
        places={"groups": "model.normalization_groups"},
        **config,
    )


def join(draft: Draft, x: str, shortcut: str, site: Site) -> str:
    """Append a residual unit's sum, and before it the layer that skips the unit at random."""
    if site.skip_rate > 0.0:
        x = draft.add(
            "stochastic_depth",
            x,
            name=f"{site.name}_skip",
            field="model.regularization.stochastic_depth",
            rate=site.skip_rate,
        )
    return draft.add("add", (x, shortcut), name=f"{site.name}_add", field=site.field)


def activate(draft: Draft, x: str, spec: Block, site: Site, *, suffix: str = "") -> str:
    """Append the block's activation, or the model's."""
    activation = spec.activation or site.model.activation
    return draft.add(
        "activation",
        x,
        name=f"{site.name}{suffix}_{activation.value}",
        field=f"{site.field}.activation" if spec.activation else "model.activation",
        activation=activation.value,
    )
