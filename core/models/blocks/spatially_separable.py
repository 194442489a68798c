"""A square window as a column and a row."""

from __future__ import annotations

from core.models.blocks.site import Site, convolve, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import SpatiallySeparableConv


def spatially_separable_block(
    draft: Draft, x: str, spec: SpatiallySeparableConv, site: Site
) -> str:
    """Conv2D k x 1, Conv2D 1 x k, normalisation, activation.

    There is no layer between the two: together they are one factorised convolution, and models of
    different kinds have the same number of activations.
    """
    size, step = spec.kernel_size, spec.strides
    # A bias of the first convolution would have the same effect as one of the second.
    x = convolve(
        draft,
        x,
        spec,
        site,
        suffix="_column",
        kernel_size=(size, 1),
        strides=(step, 1),
        use_bias=False,
    )
    x = convolve(draft, x, spec, site, suffix="_row", kernel_size=(1, size), strides=(1, step))
    return normalize_and_activate(draft, x, spec, site)
