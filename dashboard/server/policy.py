"""Headers of every answer: what a browser may do with the page, and who may show it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
FIXED_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


def inline_script_hashes(index: Path) -> tuple[str, ...]:
    """The hash sources of the scripts that Streamlit's own page holds in its text."""
    scripts = _INLINE_SCRIPT.findall(index.read_text(encoding="utf-8"))
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    return tuple(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


def content_security_policy(script_hashes: Iterable[str], host: str = "") -> str:
    """What the page may load and run. ``host``: the checked ``Host`` of the request, if any.

    Nothing from another site. Scripts: files of this server, Streamlit's own inline script by its
    hash, and ``blob:``, from which Streamlit imports the modules of custom components; inline code
    is never run. Styles are inline, as Streamlit and Plotly write them at run time.
    """
    # Older browsers do not count websockets among 'self'.
    sockets = f" ws://{host} wss://{host}" if host else ""
    directives = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "blob:", *script_hashes]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        # The camera's image is read from a data: address.
        "connect-src": f"'self' data: blob:{sockets}",
        "worker-src": "'self' blob:",
        "frame-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())
