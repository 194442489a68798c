"""One picture and what every run sees in it: the original, the network's view, the bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from core.inference.predictor import Prediction, Refusal
from core.records.runs import Run
from dashboard.charts import palette
from dashboard.pages.predict import sources
from dashboard.pages.predict.predictions import Answer
from dashboard.pages.predict.tray import Picture, data_uri
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
    pictures: Sequence[Picture],
    runs: Sequence[Run],
    answers: Mapping[tuple[str, str], Answer | str],
) -> None:
    """A card a picture, the newest first."""
    st.html(_STYLE)
    colours = palette.assign([run.id for run in runs])
    for picture in pictures:
        mine = [(run, answers[run.id, picture.digest]) for run in runs]
        with st.container(border=True, gap="xsmall"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{inert(picture.name)}**{_truth(picture)}", width="stretch")
                st.button(
                    "",
                    icon=":material/close:",
                    type="tertiary",
                    key=f"predict/remove/{picture.digest}",
                    help=f"Take {inert(picture.name)} off",
                    on_click=sources.tray().remove,
                    args=(picture.digest,),
                )
            st.html(markup(picture, mine, colours))


def markup(
    picture: Picture, answers: Sequence[tuple[Run, Answer | str]], colours: Mapping[str, str]
) -> str:
    """The card's inside as HTML, every word escaped."""
    kind = "pixels" if picture.tiny else "whole"
    images = [_figure(picture.shown, f"{picture.name} as it came", "Original", kind)]
    views = {
        data_uri(answer.seen): answer.seen.shape
        for _, answer in answers
        if isinstance(answer, Prediction)
    }
    for uri, shape in views.items():
        size = " × ".join(str(side) for side in shape)
        images.append(
            _figure(uri, f"{picture.name} as {size} values", f"As seen: {size}", "pixels")
        )
    labels = distinct_labels([run for run, _ in answers])
    sections = [
        _section(run, labels[run.id], answer, picture, colours[run.id]) for run, answer in answers
    ]
    return f'<div class="seen">{"".join(images)}{"".join(sections)}</div>'


def _truth(picture: Picture) -> str:
    return f" · true class **{inert(picture.truth)}**" if picture.truth is not None else ""


def _figure(uri: str, alt: str, caption: str, kind: str) -> str:
    return (
        f'<figure><img class="{kind}" src="{uri}" alt="{escape(alt)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def _section(run: Run, label: str, answer: Answer | str, picture: Picture, colour: str) -> str:
    head = f'<h4><span style="background:{colour}"></span>{escape(label)}</h4>'
    if not isinstance(answer, Prediction):
        sentence = answer.error if isinstance(answer, Refusal) else answer
        return f"<section>{head}<p>{escape(sentence)}</p></section>"
    bars = "".join(
        _bar(label, share, colour if place == 0 else palette.NEUTRAL, label == picture.truth)
        for place, (label, share) in enumerate(answer.top)
    )
    engine = _ENGINES.get(answer.engine, answer.engine)
    how = f"{run.dataset} · epoch {answer.epoch} · {engine} · {1000 * answer.seconds:.1f} ms"
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
