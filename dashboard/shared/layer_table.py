"""The layer table of a model: output sizes, parameters, FLOPs and receptive fields."""

from __future__ import annotations

from html import escape

import streamlit as st

from core.models.summary import LayerRow, Summary
from dashboard.shared.text import large, number

_STYLE = """
<style>
.layers {overflow-x: auto;}
.layers table {border-collapse: collapse; width: 100%; font-size: 0.82rem; line-height: 1.3;}
.layers caption {text-align: left; font-weight: 600; padding-bottom: 0.4rem;}
.layers th, .layers td {padding: 0.3rem 0.5rem 0.3rem 0; vertical-align: top; text-align: right;
  border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent);}
.layers th:first-child, .layers td:first-child {text-align: left;}
.layers thead th {font-weight: 600;}
.layers tbody th {font-weight: 400;}
.layers small {display: block; font-size: 0.74rem; opacity: 0.75;}
.layers td {font-variant-numeric: tabular-nums; white-space: nowrap;}
.layers td.wide {white-space: normal; min-width: 8rem;}
</style>
"""
_HEADS = (
    ("Layer", "Name, kind and settings"),
    ("Output", "Height x width x channels per image"),
    ("Parameters", "Number of parameters, and how it is computed"),
    ("FLOPs", "Per image, forward pass; a multiply-add counts as two"),
    ("Receptive field", "Size in pixels of the part of the image that one output depends on"),
)


def show(summary: Summary) -> None:
    """Show the table."""
    st.html(_STYLE + markup(summary))


def markup(summary: Summary) -> str:
    """The table as HTML, with all texts escaped."""
    heads = "".join(f'<th scope="col" title="{escape(why)}">{name}</th>' for name, why in _HEADS)
    rows = "".join(_row(row) for row in summary.layers)
    title = f"{len(summary.layers)} layers, input {shape(summary.input_shape)}"
    return (
        f'<div class="layers" tabindex="0" role="region" aria-label="Layers of the model">'
        f"<table><caption>{title}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def shape(sizes: tuple[int, ...]) -> str:
    """``(32, 32, 3)`` as ``32 × 32 × 3``."""
    return " × ".join(number(size) for size in sizes)


def _row(row: LayerRow) -> str:
    about = " · ".join(part for part in (row.kind.replace("_", " "), row.note) if part)
    cells = (
        f'<th scope="row">{escape(row.name)}<small>{escape(about)}</small></th>',
        f"<td>{shape(row.output_shape)}{_small(row.size_formula)}</td>",
        f'<td class="wide">{number(row.parameters)}{_small(row.formula)}</td>',
        f"<td>{large(row.flops) if row.flops else '—'}</td>",
        f"<td>{shape(row.receptive_field)}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"


def _small(text: str) -> str:
    return f"<small>{escape(text)}</small>" if text else ""
