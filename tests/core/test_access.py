"""The page answers this machine under its own names, and what was configured by name."""

from __future__ import annotations

import pytest

from core.access import ALLOWED_HOSTS, BEHIND_PROXY, Access, Request, is_loopback
from core.errors import AddressRefused

PORT = 8501


def access(hosts: str = "", proxy: str = "0") -> Access:
    return Access.from_environment({ALLOWED_HOSTS: hosts, BEHIND_PROXY: proxy})


def request(
    host: str,
    origin: str | None = None,
    *,
    scheme: str = "http",
    address: str = "127.0.0.1",
    needs_origin: bool = True,
) -> Request:
    origins = () if origin is None else (origin,)
    return Request(scheme, address, PORT, (host,), origins, needs_origin)


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2", "::1", "localhost", "[::1]"])
def test_loopback_needs_no_configuration(address: str) -> None:
    access().check_address(address)


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.0.2.7", "2001:db8::1"])
def test_any_other_address_is_refused_with_what_to_do(address: str | None) -> None:
    with pytest.raises(AddressRefused) as refused:
        access().check_address(address)
    assert (address or "every network interface") in str(refused.value)
    assert BEHIND_PROXY in str(refused.value)
    assert "convscope serve" in str(refused.value)


def test_an_address_that_is_none_is_refused_even_behind_a_proxy() -> None:
    with pytest.raises(AddressRefused, match="'no such host'"):
        access("lab.example", "1").check_address("no such host")


def test_behind_a_proxy_a_host_must_be_named() -> None:
    with pytest.raises(AddressRefused, match=ALLOWED_HOSTS):
        access(proxy="1").check_address("0.0.0.0")
    access("lab.example", "1").check_address("0.0.0.0")
    access("lab.example", "1").check_address(None)


@pytest.mark.parametrize(
    "name", ["*", "*.example", "lab.example/path", "ftp://lab.example", "a b", "x@y", "::1", "-"]
)
def test_a_host_that_is_none_is_named(name: str) -> None:
    with pytest.raises(AddressRefused, match=ALLOWED_HOSTS):
        access(f"good.example,{name}")


def test_a_switch_that_is_neither_on_nor_off_is_refused() -> None:
    with pytest.raises(AddressRefused, match=BEHIND_PROXY):
        access(proxy="yes")


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "", "/run/page.socket"])
def test_a_request_from_the_network_is_refused_whatever_it_says(address: str) -> None:
    ours = request("127.0.0.1:8501", "http://127.0.0.1:8501", address=address)
    assert access().refusal(ours) is not None
    assert access("lab.example").refusal(ours) is not None
    # Behind a proxy only the names that were configured count on such an address.
    assert access("lab.example", "1").refusal(ours) is not None
    theirs = request("lab.example", "http://lab.example", address=address)
    assert access("lab.example", "1").refusal(theirs) is None


def test_a_socket_for_both_families_is_still_loopback() -> None:
    assert is_loopback("::ffff:127.0.0.1")
    assert not is_loopback("::ffff:192.0.2.7")
    assert not is_loopback()
    ours = request("localhost:8501", "http://localhost:8501", address="::ffff:127.0.0.1")
    assert access().refusal(ours) is None


@pytest.mark.parametrize(
    ("rule", "scheme", "host", "origin", "is_answered"),
    [
        ("lab.example", "http", "lab.example", "http://lab.example", True),
        ("lab.example", "http", "lab.example:8501", "http://lab.example:8501", True),
        ("lab.example", "http", "LAB.example", "http://lab.example", True),
        ("Lab.Example", "http", "lab.example", "http://lab.example", True),
        ("lab.example", "https", "lab.example", "https://lab.example", True),
        ("lab.example", "https", "lab.example:443", "https://lab.example", True),
        ("lab.example", "http", "lab.example", "https://lab.example", False),
        ("lab.example", "http", "lab.example:9000", "http://lab.example:9000", False),
        ("lab.example", "http", "lab.example.", "http://lab.example.", False),
        ("lab.example", "http", "sub.lab.example", "http://sub.lab.example", False),
        ("https://lab.example", "http", "lab.example", "https://lab.example", True),
        ("https://lab.example", "http", "lab.example", "http://lab.example", False),
        ("lab.example:9000", "http", "lab.example:9000", "http://lab.example:9000", True),
        ("lab.example:9000", "http", "lab.example", "http://lab.example", False),
        ("localhost:9000", "http", "localhost:9000", "http://localhost:9000", True),
        ("a.example,b.example", "http", "b.example", "http://b.example", True),
        ("a.example,b.example", "http", "b.example", "http://a.example", False),
    ],
)
def test_a_configured_host_is_answered_exactly(
    rule: str, scheme: str, host: str, origin: str, is_answered: bool
) -> None:
    refusal = access(rule).refusal(request(host, origin, scheme=scheme))
    assert (refusal is None) == is_answered


def test_reading_needs_no_origin_and_takes_no_foreign_one() -> None:
    host = "127.0.0.1:8501"
    assert access().refusal(request(host, needs_origin=False)) is None
    assert access().refusal(request(host, "http://x.example", needs_origin=False)) is not None


def test_a_refusal_quotes_little_of_what_came() -> None:
    refusal = access().refusal(request("x" * 100_000, "http://x"))
    assert refusal is not None
    assert len(refusal) < 400
