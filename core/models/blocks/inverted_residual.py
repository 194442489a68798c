"""MobileNet's unit: many channels in the middle, few at both ends, and a shortcut between them.

Sandler et al., MobileNetV2: Inverted Residuals and Linear Bottlenecks, 2018
(https://arxiv.org/abs/1801.04381).
"""

from __future__ import annotations

from core.models.blocks.site import (
    Site,
    convolve_by,
    convolve_depthwise,
    join,
    normalize,
    normalize_and_activate,
)
from core.models.graph import Draft
from core.spec.blocks import InvertedResidual


def inverted_residual_block(draft: Draft, x: str, spec: InvertedResidual, site: Site) -> str:
    """Expansion (Conv2D 1 x 1), DepthwiseConv2D, projection (Conv2D 1 x 1); no last activation.

    The input is added if its shape is that of the output.
    """
    entry, channels = x, draft.shape(x)[2]
    if spec.expansion > 1:
        x = convolve_by(
            draft,
            x,
            site,
            suffix="_expand",
            filters=channels * spec.expansion,
            use_bias=site.use_bias,
            size_argument="expansion",
        )
        x = normalize_and_activate(draft, x, spec, site, suffix="_expand")
    x = convolve_depthwise(draft, x, spec, site, use_bias=site.use_bias)
    x = normalize_and_activate(draft, x, spec, site, suffix="_depthwise")
    x = convolve_by(draft, x, site, suffix="_project", filters=spec.filters, use_bias=site.use_bias)
    # No activation: in few channels it would lose information (section 3.2 of the paper).
    x = normalize(draft, x, site, suffix="_project")
    if spec.strides > 1 or channels != spec.filters:
        return x
    return join(draft, x, entry, site)
