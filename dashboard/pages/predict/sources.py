"""Ways to bring pictures: drop or pick, paste, snap, or some of the validation split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.records.runs import Run
from dashboard import state
from dashboard.pages.predict.tray import Tray
from dashboard.shared import failures
from dashboard.shared.text import inert

NUM_SAMPLES = 8
_MOST_HELD_BYTES = 100 * 2**20
_GENERATION = "predict/generation"
# The pictures are shown below: of the widget's own list only what it refused is of use.
_STYLE = """
<style>
[data-testid="stFileUploader"] [data-testid="stFileChip"]:not(
  :has([data-testid="stFileChipIconError"])) {display: none;}
</style>
"""
_PASTE, _CAMERA = "predict/paste", "predict/camera"


def tray() -> Tray:
    """This visitor's pictures; they stay while other pages are looked at."""
    return state.session("predict/tray", Tray)


def show(runs: Sequence[Run]) -> None:
    """Every way at once. ``runs``: those that can answer, for pictures of their data."""
    st.html(_STYLE)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        generation = st.session_state.setdefault(_GENERATION, 0)
        key = f"predict/upload/{generation}"
        st.file_uploader(
            "Drop pictures here, or pick files",
            accept_multiple_files=True,
            key=key,
            on_change=_take_upload,
            args=(key,),
            help="PNG, JPEG, WebP, BMP or GIF. They stay on this machine.",
        )
        _note_lost(key)
    with right:
        st.chat_input(
            "Paste a picture here (Ctrl+V), then Enter",
            accept_file="multiple",
            key=_PASTE,
            on_submit=_take_pasted,
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _samples(runs)
            camera = st.toggle("Camera", key="predict/with_camera")
            if tray().pictures or tray().refusals:
                st.button(
                    "Clear all",
                    icon=":material/clear_all:",
                    type="tertiary",
                    key="predict/clear",
                    on_click=_clear,
                )
    if camera:
        st.camera_input("Take a picture", key=_CAMERA, on_change=_take_snapped, width=420)
        _note_lost(_CAMERA)


def _samples(runs: Sequence[Run]) -> None:
    first = runs[0] if runs else None
    st.button(
        f"Try {NUM_SAMPLES} validation pictures",
        icon=":material/photo_library:",
        type="primary" if first and not tray().pictures else "secondary",
        key="predict/samples",
        disabled=first is None,
        help=f"Pictures of {inert(first.dataset)} that this run was validated on, not trained on."
        if first
        else "Choose a run that has a network first.",
        on_click=_take_samples,
        args=(first.id if first else "",),
    )


def _take_upload(key: str) -> None:
    # The widget stays and keeps its files: a fresh one a drop would lose the next drop that
    # comes while the page is being drawn.
    taken = _taken(key)
    fresh = [file for file in st.session_state[key] if file.file_id not in taken]
    taken |= {file.file_id for file in fresh}
    _take(fresh)


def _note_lost(key: str) -> None:
    """Say which files of a widget are gone. The browser names them, and only a server that was
    restarted since they came does not have them."""
    held = st.session_state.get(key) or []
    files = held if isinstance(held, list) else [held]
    taken = _taken(key)
    lost = {file.file_id for file in files if not _is_here(file)} - taken
    taken |= lost
    if lost:
        tray().note_lost()


def _taken(key: str) -> set[str]:
    """Ids of a widget's files that were dealt with, whether they were there or lost."""
    return state.session(f"predict/taken/{key}", set)


def _is_here(file: Any) -> bool:
    # Streamlit puts a DeletedFile, an id alone, in the place of a file that it does not have.
    return isinstance(file, UploadedFile)


def _clear() -> None:
    tray().clear()
    held = st.session_state.get(f"predict/upload/{st.session_state[_GENERATION]}") or []
    # A fresh widget lets go of its files, and of a drop that comes in that moment: not for little.
    if sum(file.size for file in held if _is_here(file)) > _MOST_HELD_BYTES:
        st.session_state[_GENERATION] += 1


def _take_pasted() -> None:
    pasted = st.session_state[_PASTE]
    _take(pasted.files if pasted else [])
    # This widget leaves out files that are gone; without text, it had nothing else to send.
    if pasted and not pasted.files and not pasted.text:
        tray().note_lost()


def _take_snapped() -> None:
    snapped = st.session_state[_CAMERA]
    _take([snapped] if snapped else [])


def _take_samples(run_id: str) -> None:
    drawn = st.session_state.get("predict/drawn", 0)

    def take() -> None:
        found = state.client().datasets.validation_samples(run_id, NUM_SAMPLES, seed=drawn)
        tray().put((each.name, each.content, each.label) for each in found)

    if failures.succeeded(take):
        st.session_state["predict/drawn"] = drawn + 1


def _take(files: Sequence[Any]) -> None:
    here = [file for file in files if _is_here(file)]
    if here:
        tray().put((file.name, file.getvalue(), None) for file in here)
    if len(here) < len(files):
        tray().note_lost()
