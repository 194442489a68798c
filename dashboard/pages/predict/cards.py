"""The card of an image: the original, the model's input, and each run's likeliest classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from core.inference.predictor import Prediction, Refusal
from core.records.runs import Run
from dashboard.charts import palette
from dashboard.pages.predict import sources
from dashboard.pages.predict.input_images import InputImage, data_uri
from dashboard.pages.predict.predictions import Result
from dashboard.shared.links import distinct_labels
from dashboard.shared.text import inert

_ENGINES = {"litert": "LiteRT", "keras": "Keras"}
_STYLE = """
<style>
.seen {display: flex; flex-wrap: wrap; gap: 1rem 1.6rem; align-items: flex-start;}
.seen figure {margin: 0; width: 128px;}
.seen img {width: 128px; height: 128px; object-fit: contain; display: block; border-radius: 4px;
  background: color-mix(in srgb, currentColor 8%, transparent);}
.seen img.pixels {image-rendering: pixelated;}
.seen figcaption, .seen .how {font-size: 0.76rem; opacity: 0.8; margin-top: 0.25rem;
  overflow-wrap: anywhere;}
.seen section {flex: 1 1 230px; min-width: 0; max-width: 420px;}
.seen h4 {font-size: 0.86rem; font-weight: 600; margin: 0 0 0.3rem; padding: 0;
  overflow-wrap: anywhere;}
.seen h4 span {display: inline-block; width: 0.7em; height: 0.7em; border-radius: 50%;
  margin-right: 0.4em;}
.seen ol {list-style: none; margin: 0; padding: 0;}
.seen li {display: grid; grid-template-columns: 7.2rem 1fr 3.6rem; gap: 0.5rem;
  align-items: center; font-size: 0.82rem; line-height: 1.5; margin: 0; padding: 0;}
.seen li > :first-child {overflow: hidden; text-overflow: ellipsis; white-space: nowrap;}
.seen li > :last-child {text-align: right; font-variant-numeric: tabular-nums;}
.seen li:first-child {font-weight: 600;}
.seen .track {height: 0.62rem; border-radius: 3px;
  background: color-mix(in srgb, currentColor 9%, transparent);}
.seen .bar {height: 100%; border-radius: 3px; min-width: 1px;}
</style>
"""


def show(
    images: Sequence[InputImage],
    runs: Sequence[Run],
    results: Mapping[tuple[str, str], Result | str],
) -> None:
    """One card per image, the newest first."""
    st.html(_STYLE)
    colours = palette.assign([run.id for run in runs])
    for image in images:
        own = [(run, results[run.id, image.digest]) for run in runs]
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{inert(image.name)}**{_true_class(image)}", width="stretch")
                st.button(
                    "",
                    icon=":material/close:",
                    type="tertiary",
                    key=f"predict/remove/{image.digest}",
                    help=f"Remove {inert(image.name)}",
                    on_click=sources.input_images().remove,
                    args=(image.digest,),
                )
            st.html(markup(image, own, colours))


def markup(
    image: InputImage, results: Sequence[tuple[Run, Result | str]], colours: Mapping[str, str]
) -> str:
    """Content of the card as HTML, with all texts escaped."""
    kind = "pixels" if image.tiny else "whole"
    figures = [_figure(image.shown, f"{image.name}, original", "Original", kind)]
    inputs = {
        data_uri(result.seen): result.seen.shape
        for _, result in results
        if isinstance(result, Prediction)
    }
    for uri, shape in inputs.items():
        size = " × ".join(str(side) for side in shape)
        figures.append(
            _figure(uri, f"{image.name}, model input {size}", f"Model input: {size}", "pixels")
        )
    labels = distinct_labels([run for run, _ in results])
    sections = [
        _section(run, labels[run.id], result, image, colours[run.id]) for run, result in results
    ]
    return f'<div class="seen">{"".join(figures)}{"".join(sections)}</div>'


def _true_class(image: InputImage) -> str:
    return "" if image.true_class is None else f" · true class **{inert(image.true_class)}**"


def _figure(uri: str, alt: str, caption: str, kind: str) -> str:
    return (
        f'<figure><img class="{kind}" src="{uri}" alt="{escape(alt)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _section(run: Run, label: str, result: Result | str, image: InputImage, colour: str) -> str:
    head = f'<h4><span style="background:{colour}"></span>{escape(label)}</h4>'
    if not isinstance(result, Prediction):
        message = result.error if isinstance(result, Refusal) else result
        return f"<section>{head}<p>{escape(message)}</p></section>"
    bars = "".join(
        _bar(label, share, colour if place == 0 else palette.NEUTRAL, label == image.true_class)
        for place, (label, share) in enumerate(result.top)
    )
    engine = _ENGINES.get(result.engine, result.engine)
    how = f"{run.dataset} · epoch {result.epoch} · {engine} · {1000 * result.seconds:.1f} ms"
    return f'<section>{head}<ol>{bars}</ol><div class="how">{escape(how)}</div></section>'


def _bar(label: str, share: float, colour: str, right: bool) -> str:
    mark = " ✓" if right else ""
    name = escape(label)
    return (
        f'<li><span title="{name}">{name}{mark}</span>'
        f'<span class="track" aria-hidden="true"><div class="bar" '
        f'style="width:{100 * share:.2f}%;background:{colour}"></div></span>'
        f"<span>{100 * share:.1f} %</span></li>"
    )
