"""One window per channel, then a pointwise convolution that mixes the channels."""

from __future__ import annotations

from core.models.blocks.site import Site, convolve, convolve_depthwise, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import DepthwiseSeparableConv


def depthwise_separable_block(
    draft: Draft, x: str, spec: DepthwiseSeparableConv, site: Site
) -> str:
    """DepthwiseConv2D, Conv2D 1 x 1, normalisation, activation.

    As Keras' SeparableConv2D, but as two layers, so that the table shows each.
    """
    x = convolve_depthwise(draft, x, spec, site, padding=spec.padding, use_bias=False)
    x = convolve(draft, x, spec, site, suffix="_pointwise", kernel_size=(1, 1), strides=(1, 1))
    return normalize_and_activate(draft, x, spec, site)
