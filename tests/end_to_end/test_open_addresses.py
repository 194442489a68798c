"""Without a login the page is never served to a network, however its server is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.settings import PROJECT_ROOT
from tests.end_to_end.page_server import APP, START_S, running, settings_in, start
from tests.end_to_end.test_foreign_requests import OPENED, REFUSED
from tests.end_to_end.test_live_chart import free_port

pytestmark = pytest.mark.timing  # free ports: another server must not take one meanwhile

STREAMLIT = ["streamlit", "run", APP, "--server.headless", "true", "--server.port"]
# Arguments after the port, whether from the project's folder, environment.
OPEN = {
    "an address of all IPv4": (STREAMLIT, ["--server.address", "0.0.0.0"], True, {}),
    "an address of all IPv6": (STREAMLIT, ["--server.address", "::"], True, {}),
    "an address that is not here": (STREAMLIT, ["--server.address", "192.0.2.7"], True, {}),
    "from the environment": (STREAMLIT, [], True, {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}),
    "from another folder, without an address": (STREAMLIT, [], False, {}),
    "a proxy without a host": (
        STREAMLIT,
        ["--server.address", "0.0.0.0"],
        True,
        {"CONVSCOPE_BEHIND_PROXY": "1"},
    ),
    "convscope serve": (
        ["core.cli", "serve", "--port"],
        ["--address", "0.0.0.0", "--allow-host", "lab.example"],
        True,
        {},
    ),
    "an ASGI server, without an address": (
        ["uvicorn", "dashboard.app:app", "--host", "0.0.0.0", "--port"],
        [],
        False,
        {},
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_a_server_that_others_could_reach_ends_with_a_sentence(tmp_path: Path, name: str) -> None:
    command, more, is_project, environment = OPEN[name]
    log = tmp_path / "server.log"
    process = start(
        [*command, str(free_port()), *more],
        settings_in(tmp_path),
        log,
        cwd=PROJECT_ROOT if is_project else tmp_path,
        **environment,
    )
    try:
        code = process.wait(timeout=START_S)
    finally:
        process.kill()
    # Streamlit binds the address before it loads the app, and says so itself where it cannot.
    said = log.read_text()
    assert code != 0
    if name != "an address that is not here":
        assert code == 2, said
        assert "must not be served" in said or "no host name is allowed" in said
        assert "Traceback" not in said


def test_behind_a_proxy_only_the_named_host_is_answered(tmp_path: Path) -> None:
    port = free_port()
    arguments = ["core.cli", "serve", "--port", str(port), "--address", "0.0.0.0"]
    arguments += ["--behind-proxy", "--allow-host", "https://lab.example"]
    with running(arguments, port, tmp_path) as server:
        ours = [("Host", "lab.example"), ("Origin", "https://lab.example")]
        assert server.handshake(ours) == OPENED
        assert server.handshake([("Host", "x.example"), ("Origin", "https://x.example")]) == REFUSED
        assert server.handshake([ours[0], ("Origin", "http://lab.example")]) == REFUSED
