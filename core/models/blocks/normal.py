"""Convolution whose filters read all channels of their window."""

from __future__ import annotations

from core.models.blocks.site import Site, convolve, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import NormalConv


def normal_block(draft: Draft, x: str, spec: NormalConv, site: Site) -> str:
    """Conv2D, normalisation, activation."""
    return normalize_and_activate(draft, convolve(draft, x, spec, site), spec, site)
