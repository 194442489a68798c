"""Who may reach the page: at which addresses, under which host names, from which origins.

| variable                  | meaning                                             | default      |
|---------------------------|-----------------------------------------------------|--------------|
| `CONVSCOPE_ALLOWED_HOSTS` | host names that the page answers besides this       | none         |
|                           | machine's own, separated by commas: `lab.example`,  |              |
|                           | `lab.example:8443`, `https://lab.example`           |              |
| `CONVSCOPE_BEHIND_PROXY`  | 1: the page may listen on other addresses than      | 0            |
|                           | loopback, as a proxy in front of it asks for a login|              |

A site of somebody else can point its own name at 127.0.0.1 (DNS rebinding): the browser then
sends that name as ``Host``, and only a list of allowed names keeps its scripts out. A site on
another port of this machine sends the right ``Host`` with its own ``Origin``.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from core.errors import AddressRefused

ALLOWED_HOSTS = "CONVSCOPE_ALLOWED_HOSTS"
BEHIND_PROXY = "CONVSCOPE_BEHIND_PROXY"

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?)(?::(?P<port>\d{1,5}))?"
_HOST_HEADER = re.compile(_HOST)
_ORIGIN = re.compile(rf"(?P<scheme>https?)://{_HOST}")
_RULE = re.compile(rf"(?:(?P<scheme>https?)://)?{_HOST}")
_MOST_QUOTED = 80


@dataclass(frozen=True)
class Origin:
    """What a browser calls a site: scheme, host and port."""

    scheme: str
    name: str
    port: int


@dataclass(frozen=True)
class AllowedHost:
    """A name under which the page is opened. None: the scheme and the port of the request."""

    name: str
    port: int | None = None
    scheme: str | None = None


@dataclass(frozen=True)
class Request:
    """What of a request decides whether it is answered."""

    scheme: str
    """``http`` or ``https``; a websocket has that of its page."""
    local_address: str
    """The address of this machine that the request came to."""
    local_port: int
    hosts: tuple[str, ...]
    """Its ``Host`` headers."""
    origins: tuple[str, ...]
    """Its ``Origin`` headers."""
    needs_origin: bool
    """Whether it opens a session or changes something. Every browser sends an origin with these,
    so a request without one comes from no page."""


@dataclass(frozen=True)
class Access:
    """The rules of this server. Without configuration: this machine, under its own names."""

    allowed_hosts: tuple[AllowedHost, ...] = ()
    behind_proxy: bool = False

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Access:
        """Read the table above. AddressRefused when a name is none."""
        env = os.environ if environment is None else environment
        names = [name.strip() for name in env.get(ALLOWED_HOSTS, "").split(",")]
        proxy = env.get(BEHIND_PROXY, "").strip()
        if proxy not in ("", "0", "1"):
            raise AddressRefused(f"{BEHIND_PROXY} is {_quoted(proxy)}. Expected 1 or 0.")
        return cls(tuple(_allowed_host(name) for name in names if name), proxy == "1")

    def check_address(self, address: str | None) -> None:
        """Raise AddressRefused when users of other machines could open the page.

        ``address``: what the server listens on; None or empty stands for all interfaces.
        """
        found = _resolved(address) if address else []
        if address and not found:
            raise AddressRefused(f"{_quoted(address)} is no address of this machine.")
        if is_loopback(*found):
            return
        where = f"on {address}" if address else "on every network interface (no address is set)"
        if not self.behind_proxy:
            raise AddressRefused(
                f"The page has no login and must not be served {where}: everybody on the network "
                "could train, delete and read files. Start it with `convscope serve`, which "
                "listens on 127.0.0.1, and reach it from elsewhere through an SSH tunnel. Where a "
                f"proxy in front of it asks for a login, set {BEHIND_PROXY}=1 (convscope serve "
                f"--behind-proxy) and name the proxy's host in {ALLOWED_HOSTS} (--allow-host)."
            )
        if not self.allowed_hosts:
            raise AddressRefused(
                f"The page is served {where} behind a proxy, and no host name is allowed: name "
                f"the one that people open in {ALLOWED_HOSTS} (convscope serve --allow-host)."
            )

    def refusal(self, request: Request) -> str | None:
        """The sentence why a request is not answered; None when it is."""
        if not (self.behind_proxy or is_loopback(request.local_address)):
            return "This page answers on its own machine only, as it has no login."
        expected = self._expected_origins(request)
        if not expected:
            return (
                f"This page does not answer to the host {_quoted(*request.hosts)}. Open it at "
                f"http://127.0.0.1:{request.local_port}, or allow the name: {ALLOWED_HOSTS} "
                "(convscope serve --allow-host)."
            )
        if not request.origins and not request.needs_origin:
            return None
        if len(request.origins) != 1 or _origin(request.origins[0]) not in expected:
            return (
                f"The origin {_quoted(*request.origins)} is not that of this page, "
                f"{_quoted(*request.hosts)}. Behind a proxy with https, allow the name with its "
                f"scheme: {ALLOWED_HOSTS}=https://NAME (convscope serve --allow-host)."
            )
        return None

    def _expected_origins(self, request: Request) -> set[Origin]:
        """The page's own origin under the request's host; none when the host is not allowed."""
        match = _HOST_HEADER.fullmatch(request.hosts[0].lower()) if request.hosts else None
        if match is None or len(request.hosts) > 1:
            return set()
        name, port = match["name"], int(match["port"]) if match["port"] else None
        found = set()
        for rule in (*self._own_names(name, request), *self.allowed_hosts):
            scheme = rule.scheme or request.scheme
            own = port or _DEFAULT_PORTS[scheme]
            ports = {rule.port} if rule.port else {_DEFAULT_PORTS[scheme], request.local_port}
            if rule.name == name and own in ports:
                found.add(Origin(scheme, name, own))
        return found

    def _own_names(self, name: str, request: Request) -> Iterable[AllowedHost]:
        is_own = name == "localhost" or is_loopback(name.strip("[]"))
        if is_own and is_loopback(request.local_address):
            yield AllowedHost(name, request.local_port)


def is_loopback(*addresses: str) -> bool:
    """Whether every one is an address that this machine alone reaches; False without any."""
    return bool(addresses) and all(_is_loopback(address) for address in addresses)


def _is_loopback(address: str) -> bool:
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    # A socket for both families writes 127.0.0.1 as ::ffff:127.0.0.1.
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped.is_loopback
    return found.is_loopback


def _resolved(address: str) -> list[str]:
    """The numeric addresses of a name; none when it has none."""
    try:
        found = socket.getaddrinfo(address.strip("[]"), None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [str(each[4][0]) for each in found]


def _allowed_host(text: str) -> AllowedHost:
    match = _RULE.fullmatch(text.lower())
    if match is None:
        raise AddressRefused(
            f"{ALLOWED_HOSTS} names {_quoted(text)}. Expected a host such as lab.example, "
            "lab.example:8443 or https://lab.example, without a path and without wildcards."
        )
    return AllowedHost(
        match["name"], int(match["port"]) if match["port"] else None, match["scheme"]
    )


def _origin(text: str) -> Origin | None:
    match = _ORIGIN.fullmatch(text)
    if match is None:
        return None
    port = int(match["port"]) if match["port"] else _DEFAULT_PORTS[match["scheme"]]
    return Origin(match["scheme"], match["name"], port)


def _quoted(*texts: str) -> str:
    return ", ".join(repr(text[:_MOST_QUOTED]) for text in texts) or "(none)"
