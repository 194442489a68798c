"""Only code that its owner named may build networks, whatever the list on the disk has become."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.models.trust import trust, trust_errors
from core.settings import Settings
from core.spec.own import OwnNetwork

OWN = OwnNetwork(reference="module:build", folder="/somewhere")
OTHER = OwnNetwork(reference="module:build", folder="/elsewhere")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"CONVSCOPE_RESULTS": str(tmp_path / "results")})


def test_code_is_trusted_by_name_and_folder(settings: Settings) -> None:
    [error] = trust_errors(settings, OWN)
    assert (error.field, "not trusted" in error.message) == ("model.own", True)
    trust(settings, OWN)
    trust(settings, OWN)
    assert trust_errors(settings, OWN) == []
    assert trust_errors(settings, OTHER)


@pytest.mark.parametrize("content", [b"", b"[[", b"3", b'{"module:build": 1}', b"\xff"])
def test_a_damaged_list_trusts_nothing_and_can_be_written_anew(
    content: bytes, settings: Settings
) -> None:
    trust(settings, OWN)
    (settings.results / "trusted_code.json").write_bytes(content)
    assert trust_errors(settings, OWN)
    trust(settings, OWN)
    assert trust_errors(settings, OWN) == []


def test_those_who_name_their_code_at_once_are_all_trusted(settings: Settings) -> None:
    every = [OwnNetwork(reference=f"module{n}:build", folder="/somewhere") for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda own: trust(settings, own), every))
    assert [own for own in every if trust_errors(settings, own)] == []
