"""One window a channel, then a pointwise convolution that mixes the channels."""

from __future__ import annotations

from core.models.blocks.site import Site, convolve, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import DepthwiseSeparableConv


def depthwise_separable_block(
    draft: Draft, x: str, spec: DepthwiseSeparableConv, site: Site
) -> str:
    """DepthwiseConv2D, Conv2D 1 x 1, normalisation, activation.

    As Keras' SeparableConv2D, in two layers so that each can be counted and looked at.
    """
    x = draft.add(
        "depthwise_conv2d",
        x,
        name=f"{site.name}_depthwise",
        field=site.field,
        size_argument="kernel_size",
        kernel_size=(spec.kernel_size, spec.kernel_size),
        strides=(spec.strides, spec.strides),
        padding=spec.padding.value,
        dilation_rate=(1, 1),
        use_bias=False,
        **site.kernel,
    )
    x = convolve(draft, x, spec, site, suffix="_pointwise", kernel_size=(1, 1), strides=(1, 1))
    return normalize_and_activate(draft, x, spec, site)
