"""Convolution of single pixels: it mixes channels, and reads no neighbours."""

from __future__ import annotations

from core.models.blocks.site import Site, convolve, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import PointwiseConv


def pointwise_block(draft: Draft, x: str, spec: PointwiseConv, site: Site) -> str:
    """Conv2D 1 x 1, normalisation, activation."""
    x = convolve(draft, x, spec, site, kernel_size=(1, 1))
    return normalize_and_activate(draft, x, spec, site)
