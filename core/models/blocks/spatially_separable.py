"""A square window taken apart into a column and a row."""

from __future__ import annotations

from core.models.blocks.site import Site, convolve, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import SpatiallySeparableConv


def spatially_separable_block(
    draft: Draft, x: str, spec: SpatiallySeparableConv, site: Site
) -> str:
    """Conv2D k x 1, Conv2D 1 x k, normalisation, activation.

    Nothing stands between the two, so that together they are one (factorised) convolution
    and models of different kinds have equally many activations.
    """
    size, step = spec.kernel_size, spec.strides
    # The second convolution passes a bias of the first on as one of its own.
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
