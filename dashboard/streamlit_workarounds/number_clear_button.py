"""A number input without the button that empties it.

Upstream: ``st.number_input`` shows a clear button wherever its ``value`` is None, and has no
parameter against it (Streamlit 1.67). Number inputs of our forms all have ``value=None``, as with
any other value a person cannot empty the field: the value comes back.

Here: number inputs that must not be empty are drawn in a container whose key begins with
``needed``, and a CSS rule hides the button there. Somebody who empties the field by hand reads
what is expected.

It can go when ``st.number_input`` has a parameter for its clear button.
"""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

CSS = """
[class*="st-key-needed"] [data-testid="stNumberInputClearButton"] {display: none;}
"""
"""The rule; `dashboard.shared.style` puts it on every page."""


def hidden(key: str) -> DeltaGenerator:
    """A container whose number inputs have no clear button. ``key`` is unique on the page."""
    return st.container(gap="xxsmall", key=f"needed/{key}")
