"""A page of another site, or a name that points here, gets no session and no file of the lab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.page_server import APP, PageServer, running
from tests.end_to_end.test_live_chart import free_port

OPENED, REFUSED = 101, 403

# Host and Origin of a websocket; {port} is the server's own, {other} another one.
HANDSHAKES = {
    "the page itself": ("127.0.0.1:{port}", "http://127.0.0.1:{port}", OPENED),
    "the page under the machine's own name": (
        "localhost:{port}",
        "http://localhost:{port}",
        OPENED,
    ),
    "the page by IPv6": ("[::1]:{port}", "http://[::1]:{port}", OPENED),
    "a foreign name that points here": (
        "evil.example:{port}",
        "http://evil.example:{port}",
        REFUSED,
    ),
    "a foreign name without a port": ("evil.example", "http://evil.example", REFUSED),
    "a name that begins as ours": (
        "127.0.0.1.evil.example:{port}",
        "http://127.0.0.1.evil.example:{port}",
        REFUSED,
    ),
    "our host, a foreign site": ("127.0.0.1:{port}", "http://evil.example", REFUSED),
    "our host, another port's page": ("127.0.0.1:{port}", "http://127.0.0.1:{other}", REFUSED),
    "our host, another scheme": ("127.0.0.1:{port}", "https://127.0.0.1:{port}", REFUSED),
    "our host, our other name": ("127.0.0.1:{port}", "http://localhost:{port}", REFUSED),
    "our host, a page without an origin": ("127.0.0.1:{port}", "null", REFUSED),
    "our host, no origin": ("127.0.0.1:{port}", None, REFUSED),
    "another port's host": ("127.0.0.1:{other}", "http://127.0.0.1:{other}", REFUSED),
    "our name without a port": ("localhost", "http://localhost", REFUSED),
    "a foreign name, our origin": ("evil.example:{port}", "http://127.0.0.1:{port}", REFUSED),
    "no host": (None, "http://127.0.0.1:{port}", REFUSED),
    "a host that is none": ("127.0.0.1:{port}/@evil", "http://127.0.0.1:{port}", REFUSED),
    "all interfaces": ("0.0.0.0:{port}", "http://0.0.0.0:{port}", REFUSED),
}
GETS = {
    "the page itself": ("127.0.0.1:{port}", None, 200),
    "a file for the page": ("localhost:{port}", "http://localhost:{port}", 200),
    "a foreign name that points here": ("evil.example:{port}", None, REFUSED),
    "another port's host": ("localhost:{other}", None, REFUSED),
    "a foreign site": ("127.0.0.1:{port}", "http://evil.example", REFUSED),
}
PATHS = ("/", "/runs", "/_stcore/health", "/_stcore/host-config", "/media/x", "/static/x.js")


@pytest.fixture(scope="module", params=["convscope serve", "streamlit run"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PageServer]:
    """The lab's page, started in both ways."""
    port = free_port()
    started = {
        "convscope serve": ["core.cli", "serve", "--port", str(port)],
        "streamlit run": ["streamlit", "run", APP, "--server.port", str(port)],
    }
    with running(started[request.param], port, tmp_path_factory.mktemp("lab")) as server:
        yield server


def headers(server: PageServer, host: str | None, origin: str | None) -> dict[str, str]:
    """The headers of a table's row."""
    given = {"Host": host, "Origin": origin}
    ports = {"port": server.port, "other": server.port + 1}
    return {name: value.format(**ports) for name, value in given.items() if value is not None}


@pytest.mark.parametrize("name", HANDSHAKES)
def test_only_the_page_itself_gets_a_session(server: PageServer, name: str) -> None:
    host, origin, expected = HANDSHAKES[name]
    status = server.handshake(list(headers(server, host, origin).items()))
    # A malformed request may be refused before the lab sees it.
    assert status == expected or (expected == REFUSED and status == 400)


def test_two_hosts_or_two_origins_get_no_session(server: PageServer) -> None:
    ours = [("Host", server.host), ("Origin", f"http://{server.host}")]
    assert server.handshake(ours) == OPENED
    assert server.handshake([*ours, ("Host", "evil.example")]) in (400, REFUSED)
    assert server.handshake([*ours, ("Origin", "http://evil.example")]) in (400, REFUSED)


@pytest.mark.parametrize("name", GETS)
@pytest.mark.parametrize("path", ["/", "/_stcore/health"])
def test_only_the_page_itself_gets_files(server: PageServer, name: str, path: str) -> None:
    host, origin, expected = GETS[name]
    status, _, _ = server.request("GET", path, headers(server, host, origin))
    assert status == expected


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "http://127.0.0.1:{other}"]
)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST", "OPTIONS"])
def test_an_upload_from_another_page_is_refused(
    server: PageServer, method: str, origin: str | None
) -> None:
    given = headers(server, "127.0.0.1:{port}", origin)
    status, _, _ = server.request(method, "/_stcore/upload_file/session/file", given, b"x")
    # Asking whether one may upload changes nothing; without an origin no browser asked.
    assert status == (204 if method == "OPTIONS" and origin is None else REFUSED)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "evil.example:{port}"])
def test_every_answer_carries_the_protective_headers(
    server: PageServer, path: str, host: str
) -> None:
    _, found, _ = server.request("GET", path, headers(server, host, None))
    assert found["x-content-type-options"] == "nosniff"
    assert found["x-frame-options"] == "DENY"
    assert found["referrer-policy"] == "no-referrer"
    policy = found["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'self'" in policy
    assert "object-src 'none'" in policy
    scripts = next(part for part in policy.split(";") if part.strip().startswith("script-src"))
    assert "'unsafe-inline'" not in scripts
    assert "http:" not in scripts


def test_a_refusal_says_what_came_and_what_to_do(server: PageServer) -> None:
    _, found, text = server.request("GET", "/", headers(server, "evil.example:{port}", None))
    assert found["content-type"].startswith("text/plain")
    assert "evil.example" in text
    assert "--allow-host" in text


@pytest.mark.parametrize("name", ["evil.example", "lab.example"])
def test_a_configured_name_is_answered(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    port = free_port()
    arguments = ["core.cli", "serve", "--port", str(port), "--allow-host", "lab.example"]
    with running(arguments, port, tmp_path_factory.mktemp("lab")) as server:
        for host in (name, f"{name}:{port}"):
            given = [("Host", host), ("Origin", f"http://{host}")]
            assert server.handshake(given) == (OPENED if name == "lab.example" else REFUSED)
