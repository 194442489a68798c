"""One window per channel; channels are not mixed."""

from __future__ import annotations

from core.models.blocks.site import Site, convolve_depthwise, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import DepthwiseConv


def depthwise_block(draft: Draft, x: str, spec: DepthwiseConv, site: Site) -> str:
    """DepthwiseConv2D, normalisation, activation."""
    x = convolve_depthwise(
        draft,
        x,
        spec,
        site,
        padding=spec.padding,
        depth_multiplier=spec.depth_multiplier,
        use_bias=site.use_bias,
        suffix="",
        size_argument="depth_multiplier",
    )
    return normalize_and_activate(draft, x, spec, site)
