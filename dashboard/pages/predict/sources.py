"""Inputs for images: files, the clipboard, the camera, and samples of the validation split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.records.runs import Run
from dashboard import state
from dashboard.pages.predict.input_images import InputImages
from dashboard.shared import failures
from dashboard.shared.text import inert

NUM_SAMPLES = 8
_MOST_HELD_BYTES = 100 * 2**20
_GENERATION = "predict/generation"
# The images are shown below. Of the widget's own list of files, only its errors are of use.
_STYLE = """
<style>
[data-testid="stFileUploader"] [data-testid="stFileChip"]:not(
  :has([data-testid="stFileChipIconError"])) {display: none;}
</style>
"""
_PASTE, _CAMERA = "predict/paste", "predict/camera"


def input_images() -> InputImages:
    """The images of this session; they stay when another page is opened."""
    return state.session("predict/tray", InputImages)


def show(runs: Sequence[Run]) -> None:
    """All inputs. ``runs`` are those that can predict: samples come from the data of the first."""
    st.html(_STYLE)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        generation = st.session_state.setdefault(_GENERATION, 0)
        key = f"predict/upload/{generation}"
        st.file_uploader(
            "Drop images here, or choose files",
            accept_multiple_files=True,
            key=key,
            on_change=_add_upload,
            args=(key,),
            help="PNG, JPEG, WebP, BMP or GIF. Images stay on this machine.",
        )
        _note_lost(key)
    with right:
        st.chat_input(
            "Paste an image here (Ctrl+V), then Enter",
            accept_file="multiple",
            key=_PASTE,
            on_submit=_add_pasted,
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _samples(runs)
            camera = st.toggle("Camera", key="predict/with_camera")
            if input_images().images or input_images().messages:
                st.button(
                    "Clear all",
                    icon=":material/clear_all:",
                    type="tertiary",
                    key="predict/clear",
                    on_click=_clear,
                )
    if camera:
        st.camera_input("Take a photo", key=_CAMERA, on_change=_add_photo, width=420)
        _note_lost(_CAMERA)


def _samples(runs: Sequence[Run]) -> None:
    first = runs[0] if runs else None
    st.button(
        f"Try {NUM_SAMPLES} validation images",
        icon=":material/photo_library:",
        type="primary" if first and not input_images().images else "secondary",
        key="predict/samples",
        disabled=first is None,
        help=f"Images of {inert(first.dataset)} from the validation split: not trained on."
        if first
        else "Choose a run with a trained model first.",
        on_click=_add_samples,
        args=(first.id if first else "",),
    )


def _add_upload(key: str) -> None:
    # The widget and its files are kept. With a new widget after each drop, a drop that comes
    # while the page is drawn would be lost.
    taken = _handled(key)
    fresh = [file for file in st.session_state[key] if file.file_id not in taken]
    taken |= {file.file_id for file in fresh}
    _add(fresh)


def _note_lost(key: str) -> None:
    """Add a message when files of a widget are gone.

    The browser still lists them, but a server that was restarted since does not have them.
    """
    held = st.session_state.get(key) or []
    files = held if isinstance(held, list) else [held]
    taken = _handled(key)
    lost = {file.file_id for file in files if not _is_here(file)} - taken
    taken |= lost
    if lost:
        input_images().note_lost()


def _handled(key: str) -> set[str]:
    """Ids of a widget's files that were added or reported as lost."""
    return state.session(f"predict/taken/{key}", set)


def _is_here(file: Any) -> bool:
    # For a file that it does not have, Streamlit gives a DeletedFile, which only has an id.
    return isinstance(file, UploadedFile)


def _clear() -> None:
    input_images().clear()
    held = st.session_state.get(f"predict/upload/{st.session_state[_GENERATION]}") or []
    # A new widget frees the memory of the files, but loses a drop that comes at that moment: only
    # for large files.
    if sum(file.size for file in held if _is_here(file)) > _MOST_HELD_BYTES:
        st.session_state[_GENERATION] += 1


def _add_pasted() -> None:
    pasted = st.session_state[_PASTE]
    _add(pasted.files if pasted else [])
    # This widget leaves out lost files: without files and text, files were lost.
    if pasted and not pasted.files and not pasted.text:
        input_images().note_lost()


def _add_photo() -> None:
    photo = st.session_state[_CAMERA]
    _add([photo] if photo else [])


def _add_samples(run_id: str) -> None:
    seed = st.session_state.get("predict/drawn", 0)

    def add() -> None:
        found = state.client().datasets.validation_samples(run_id, NUM_SAMPLES, seed=seed)
        input_images().add((each.name, each.content, each.label) for each in found)

    if failures.succeeded(add):
        st.session_state["predict/drawn"] = seed + 1


def _add(files: Sequence[Any]) -> None:
    here = [file for file in files if _is_here(file)]
    if here:
        input_images().add((file.name, file.getvalue(), None) for file in here)
    if len(here) < len(files):
        input_images().note_lost()
