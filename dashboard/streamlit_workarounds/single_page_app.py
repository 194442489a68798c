"""A page's file that is started as an app shows nothing.

Upstream: ``streamlit run`` serves any script, so also the file of one of our pages, and then
without ``dashboard/app.py`` and its checks of hosts and origins. The script can only know it by the
path of the main script in its run context (Streamlit 1.67).

Here: the client of the lab is refused to such an app.

It can go when the checks no longer depend on the script that was started.
"""

from __future__ import annotations

from pathlib import Path

from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.errors import AddressRefused


def refuse(pages: Path) -> None:
    """Raise AddressRefused where the app that runs is a file in the folder ``pages``."""
    context = get_script_run_ctx()
    if context is not None and pages in Path(context.main_script_path).resolve().parents:
        raise AddressRefused(
            f"{Path(context.main_script_path).name} is one page of the lab and no app. Start "
            "the lab with `convscope serve`."
        )
