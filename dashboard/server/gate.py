"""The gate that every request passes before Streamlit sees it.

Upstream: Streamlit 1.67 answers under any host name and opens a session for a websocket without an
origin. Its option ``server.allowedHosts`` covers websockets alone, and a list of origins is only
requested: https://github.com/streamlit/streamlit/issues/16448.

Here: an ASGI middleware checks hosts and origins of all requests and adds protective headers.

Its checks can go when Streamlit makes them: ``tests/dashboard/streamlit_workarounds/test_gate.py``
fails then.
"""

from __future__ import annotations

import logging
from pathlib import Path

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import file_util

from core.access import Access, Request
from dashboard.server import policy

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED = 403
_SCHEMES = {"ws": "http", "wss": "https"}
_log = logging.getLogger(__name__)


class Gate:
    """Refuses requests that `Access` does not allow, and adds protective headers to every answer.

    An ASGI middleware: it also sees the handshakes of websockets, so a page of another site gets
    no session.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access
        index = Path(file_util.get_static_dir()) / "index.html"
        self._script_hashes = policy.inline_script_hashes(index)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        problem = self._access.refusal(request_of(scope))
        if problem is None:
            await self._app(scope, receive, self._with_headers(scope, send))
            return
        _log.warning("Refused a request for %.80r: %s", scope["path"], problem)
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})  # before it was accepted: status 403
            return
        refusal = PlainTextResponse(problem, status_code=_REFUSED)
        await refusal(scope, receive, self._with_headers(scope, send, is_own_host=False))

    def _with_headers(self, scope: Scope, send: Send, *, is_own_host: bool = True) -> Send:
        # A refused host's name stays out of the policy.
        host = Headers(scope=scope).get("host", "") if is_own_host else ""
        content_policy = policy.content_security_policy(self._script_hashes, host)

        async def protect(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = content_policy
                for name, value in policy.FIXED_HEADERS.items():
                    headers[name] = value
            await send(message)

        return protect


async def server_error(_request: HttpRequest, _error: Exception) -> Response:
    """The answer to a request that failed. Starlette gives it from outside the gate."""
    headers = policy.FIXED_HEADERS | {"Content-Security-Policy": policy.content_security_policy(())}
    return PlainTextResponse(
        "The server failed to answer; its log says why.", status_code=500, headers=headers
    )


def request_of(scope: Scope) -> Request:
    """The parts of an ASGI scope that `Access` checks."""
    headers = Headers(scope=scope)
    # A socket in the file system has no port: only a proxy on this machine can use it.
    address, port = scope.get("server") or ("", None)
    is_websocket = scope["type"] == "websocket"
    scheme = str(scope["scheme"])
    return Request(
        scheme=_SCHEMES.get(scheme, scheme),
        local_address=address,
        local_port=port or 0,
        hosts=tuple(headers.getlist("host")),
        origins=tuple(headers.getlist("origin")),
        needs_origin=is_websocket or scope["method"] not in _SAFE_METHODS,
    )
