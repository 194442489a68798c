"""Convolution with gaps between the taps of its window."""

from __future__ import annotations

from core.models.blocks.site import Site, convolve, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import DilatedConv


def dilated_block(draft: Draft, x: str, spec: DilatedConv, site: Site) -> str:
    """Conv2D with a dilation rate, normalisation, activation."""
    x = convolve(draft, x, spec, site, dilation_rate=spec.dilation_rate)
    return normalize_and_activate(draft, x, spec, site)
