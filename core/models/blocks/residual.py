"""Two convolutions and a shortcut, as in residual networks.

Classic order: He et al., Deep Residual Learning for Image Recognition, 2016
(https://arxiv.org/abs/1512.03385). Pre-activation: He et al., Identity Mappings in Deep
Residual Networks, 2016 (https://arxiv.org/abs/1603.05027).
"""

from __future__ import annotations

from core.models.blocks.site import (
    Site,
    activate,
    convolve_by,
    join,
    normalize,
    normalize_and_activate,
)
from core.models.graph import Draft
from core.spec.blocks import ResidualOrder, ResidualUnit


def residual_block(draft: Draft, x: str, spec: ResidualUnit, site: Site) -> str:
    """Two Conv2D and the sum with their input, in the spec's order of layers."""
    return _ORDERS[spec.order](draft, x, spec, site)


def _classic(draft: Draft, x: str, spec: ResidualUnit, site: Site) -> str:
    """Conv2D, norm, activation, Conv2D, norm, sum with the shortcut, activation."""
    shortcut = x
    if _changes_shape(draft, x, spec):
        shortcut = normalize(draft, _project(draft, x, spec, site), site, suffix="_shortcut")
    x = _convolve(draft, x, spec, site, suffix="_a", strides=spec.strides)
    x = normalize_and_activate(draft, x, spec, site, suffix="_a")
    x = _convolve(draft, x, spec, site, suffix="_b", strides=1)
    x = normalize(draft, x, site, suffix="_b")
    x = join(draft, x, shortcut, site)
    return activate(draft, x, spec, site)


def _pre_activation(draft: Draft, x: str, spec: ResidualUnit, site: Site) -> str:
    """Norm, activation, Conv2D, norm, activation, Conv2D, sum with the shortcut.

    A projection has the input of the first convolution. After the last unit of a row there are a
    normalisation and an activation, because the next block does not begin with its own.
    """
    shortcut, inner = x, normalize_and_activate(draft, x, spec, site, suffix="_a")
    if _changes_shape(draft, x, spec):
        shortcut = _project(draft, inner, spec, site)
    x = _convolve(draft, inner, spec, site, suffix="_a", strides=spec.strides)
    x = normalize_and_activate(draft, x, spec, site, suffix="_b")
    x = _convolve(draft, x, spec, site, suffix="_b", strides=1, feeds_sum=True)
    x = join(draft, x, shortcut, site)
    if isinstance(site.following, ResidualUnit) and site.following.order is spec.order:
        return x
    return normalize_and_activate(draft, x, spec, site)


def _changes_shape(draft: Draft, x: str, spec: ResidualUnit) -> bool:
    return spec.strides > 1 or draft.shape(x)[2] != spec.filters


def _project(draft: Draft, x: str, spec: ResidualUnit, site: Site) -> str:
    """A shortcut with another shape: one weight per pair of channels."""
    return convolve_by(
        draft,
        x,
        site,
        suffix="_shortcut",
        filters=spec.filters,
        strides=(spec.strides, spec.strides),
        use_bias=site.use_bias,
    )


def _convolve(
    draft: Draft,
    x: str,
    spec: ResidualUnit,
    site: Site,
    *,
    suffix: str,
    strides: int,
    feeds_sum: bool = False,
) -> str:
    return convolve_by(
        draft,
        x,
        site,
        suffix=suffix,
        filters=spec.filters,
        kernel_size=(spec.kernel_size, spec.kernel_size),
        strides=(strides, strides),
        # No normalisation follows directly, whose shift would replace the bias.
        use_bias=site.use_bias or feeds_sum,
    )


_ORDERS = {
    ResidualOrder.CLASSIC: _classic,
    ResidualOrder.PRE_ACTIVATION: _pre_activation,
}
