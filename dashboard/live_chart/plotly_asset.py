"""plotly.min.js in the page's static folder, for the browser to load once.

The file is 4.8 MB and comes with the plotly package, so it is written here at first use and
never committed. It carries its version in its first line.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from plotly.offline import get_plotlyjs, get_plotlyjs_version

FILE_NAME = "plotly.min.js"


def publish(static_folder: Path) -> str:
    """Make sure the folder holds this version of plotly.min.js; return its relative URL.

    Several servers of one checkout may do so at once: each writes a file of its own and renames
    it, so a reader finds either version whole. The URL carries the version, so that a browser
    does not keep an older one. Raises OSError when the folder is not there or cannot be written:
    it is never made here, because Streamlit serves it only beside the page's main script.
    """
    version: str = get_plotlyjs_version()
    target = static_folder / FILE_NAME
    if not _holds(target, version):
        _replace(target, get_plotlyjs())
    return f"app/static/{FILE_NAME}?v={version}"


def _holds(target: Path, version: str) -> bool:
    try:
        with target.open(encoding="utf-8") as file:
            return f"plotly.js v{version}\n" in file.read(200)
    except FileNotFoundError:
        return False


def _replace(target: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{FILE_NAME}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        temporary.chmod(0o644)  # mkstemp's 0600 would hide it from a server of another user
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
