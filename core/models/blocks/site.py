"""Where a block stands in the network, and what every block ends with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.models.graph import Draft
from core.spec.blocks import Activation, Block
from core.spec.model import Model
from core.spec.regularizers import Normalization

NORMALIZATIONS = {Normalization.BATCH: "batch_norm", Normalization.LAYER: "layer_norm"}
"""The layer behind each normalisation; ``none`` has none."""


@dataclass(frozen=True)
class Site:
    """A block's place: prefix of its layers' names, its path in the experiment, its network."""

    name: str
    field: str
    model: Model

    @property
    def use_bias(self) -> bool:
        """Whether the last convolution before the normalisation has a bias.

        A normalisation has a shift of its own, so a bias before it would be dead weight.
        """
        return self.model.normalization is Normalization.NONE

    @property
    def kernel(self) -> dict[str, Any]:
        """How convolution kernels start and what pulls them back to zero."""
        return {
            "kernel_initializer": self.model.kernel_initializer.value,
            "l2": self.model.regularization.conv_l2,
        }


def convolve(
    draft: Draft,
    x: str,
    spec: Block,
    site: Site,
    *,
    suffix: str = "",
    kernel_size: tuple[int, int] | None = None,
    strides: tuple[int, int] | None = None,
    dilation_rate: int = 1,
    use_bias: bool | None = None,
) -> str:
    """Append one Conv2D; what is not given follows the block's own fields."""
    return draft.add(
        "conv2d",
        x,
        name=site.name + suffix,
        field=site.field,
        size_argument="filters",
        filters=spec.filters,
        kernel_size=kernel_size or (spec.kernel_size, spec.kernel_size),
        strides=strides or (spec.strides, spec.strides),
        padding=spec.padding.value,
        dilation_rate=(dilation_rate, dilation_rate),
        use_bias=site.use_bias if use_bias is None else use_bias,
        **site.kernel,
    )


def normalize_and_activate(draft: Draft, x: str, spec: Block, site: Site) -> str:
    """Append what follows a convolution: normalisation, then activation."""
    normalization = NORMALIZATIONS.get(site.model.normalization)
    if normalization:
        x = draft.add(normalization, x, name=f"{site.name}_norm", field="model.normalization")
    activation: Activation = spec.activation or site.model.activation
    return draft.add(
        "activation",
        x,
        name=f"{site.name}_{activation.value}",
        field=f"{site.field}.activation" if spec.activation else "model.activation",
        activation=activation.value,
    )
