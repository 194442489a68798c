"""Convolution in equal groups of channels, each with its own filters."""

from __future__ import annotations

from core.models.blocks.site import Site, convolve, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import GroupedConv


def grouped_block(draft: Draft, x: str, spec: GroupedConv, site: Site) -> str:
    """Conv2D with groups, normalisation, activation."""
    x = convolve(draft, x, spec, site, groups=spec.groups)
    return normalize_and_activate(draft, x, spec, site)
