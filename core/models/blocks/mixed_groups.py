"""Convolution in groups of channels with different windows: sizes and dilation rates."""

from __future__ import annotations

from itertools import pairwise

from core.errors import FieldError, ModelDoesNotFit
from core.models.blocks.site import Site, convolve_by, normalize_and_activate
from core.models.graph import Draft
from core.spec.blocks import MixedGroupsConv


def mixed_groups_block(draft: Draft, x: str, spec: MixedGroupsConv, site: Site) -> str:
    """Per window a slice of the channels and a Conv2D; concatenation, normalisation, activation.

    Raises ModelDoesNotFit when there are fewer channels or filters than windows.
    """
    channels = draft.shape(x)[2]
    _refuse_empty_groups(channels, spec, site)
    inputs = shares(channels, len(spec.windows))
    outputs = shares(spec.filters, len(spec.windows))
    branches = []
    for index, window in enumerate(spec.windows):
        part = draft.add(
            "channel_slice",
            x,
            name=f"{site.name}_group{index + 1}_channels",
            field=f"{site.field}.windows",
            channels=channels,
            start=inputs[index][0],
            stop=inputs[index][1],
        )
        branches.append(
            convolve_by(
                draft,
                part,
                site,
                suffix=f"_group{index + 1}",
                filters=outputs[index][1] - outputs[index][0],
                kernel_size=(window.kernel_size, window.kernel_size),
                dilation_rate=window.dilation_rate,
                use_bias=site.use_bias,
                field=f"{site.field}.windows.{index}",
                size_argument="kernel_size",
            )
        )
    x = draft.add(
        "concatenate", tuple(branches), name=f"{site.name}_join", field=f"{site.field}.windows"
    )
    return normalize_and_activate(draft, x, spec, site)


def shares(total: int, num_parts: int) -> list[tuple[int, int]]:
    """(start, stop) of nearly equal parts; with a remainder the first parts are one larger."""
    size, rest = divmod(total, num_parts)
    ends = [index * size + min(index, rest) for index in range(num_parts + 1)]
    return list(pairwise(ends))


def _refuse_empty_groups(channels: int, spec: MixedGroupsConv, site: Site) -> None:
    num_groups = len(spec.windows)
    if channels < num_groups:
        message = (
            f"Got {num_groups} windows for {channels} input channels. Expected at most one window "
            "per channel. Remove windows, or add a convolution with more filters before it."
        )
        raise ModelDoesNotFit([FieldError(f"{site.field}.windows", message)])
    if spec.filters < num_groups:
        message = (
            f"Got {spec.filters} filters for {num_groups} windows. Expected at least one filter "
            "per window. Add filters or remove windows."
        )
        raise ModelDoesNotFit([FieldError(f"{site.field}.filters", message)])
