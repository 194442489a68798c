"""One file per kind of convolution: a function that appends its layers to a draft.

To add a kind: its class in ``core/spec/blocks.py``, a file here, a line in BLOCKS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from core.models.blocks.depthwise import depthwise_block
from core.models.blocks.depthwise_separable import depthwise_separable_block
from core.models.blocks.dilated import dilated_block
from core.models.blocks.grouped import grouped_block
from core.models.blocks.inverted_residual import inverted_residual_block
from core.models.blocks.mixed_groups import mixed_groups_block
from core.models.blocks.normal import normal_block
from core.models.blocks.pointwise import pointwise_block
from core.models.blocks.residual import residual_block
from core.models.blocks.site import Site
from core.models.blocks.spatially_separable import spatially_separable_block
from core.models.graph import Draft

# Any, because each function has its own kind's class as its argument.
BlockFunction = Callable[[Draft, str, Any, Site], str]

BLOCKS: Mapping[str, BlockFunction] = MappingProxyType(
    {
        "normal": normal_block,
        "spatially_separable": spatially_separable_block,
        "depthwise_separable": depthwise_separable_block,
        "depthwise": depthwise_block,
        "grouped": grouped_block,
        "mixed_groups": mixed_groups_block,
        "dilated": dilated_block,
        "pointwise": pointwise_block,
        "residual": residual_block,
        "inverted_residual": inverted_residual_block,
    }
)
"""Every kind of convolution by the ``kind`` of its spec."""

__all__ = ["BLOCKS", "BlockFunction", "Site"]
