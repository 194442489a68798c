"""Folders of what was deleted."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

_log = logging.getLogger(__name__)


def remove_folder(folder: Path) -> None:
    """Remove a folder whose run or search is gone for good; what stays is logged."""
    try:
        # A link is left alone: what it points at is not the lab's.
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as error:
        _log.warning("Some files stay in %s: %s", folder, error)
