"""Whether this process may serve the pages at all."""

from __future__ import annotations

import sys

from streamlit import config

from core.access import Access
from core.errors import AddressRefused

_WRONG_COMMAND = 2
"""The exit code of `convscope` for the same mistake."""


def checked_access() -> Access:
    """The rules for requests. Ends the process where the page would be open to others.

    It is called when the server loads the app, before the first request is answered: whatever
    started the server, with whatever options, no page is shown.
    """
    try:
        access = Access.from_environment()
        access.check_address(config.get_option("server.address"))
    except AddressRefused as error:
        sys.stderr.write(f"Convscope is not served. {error}\n")
        sys.exit(_WRONG_COMMAND)
    return access
