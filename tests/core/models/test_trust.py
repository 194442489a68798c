"""Only code that this user named may build models, and only as it was then."""

from __future__ import annotations

import json
import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.errors import CodeNotTrusted, DecisionsError, FieldCode
from core.models.trust import CHANGED, FILE, NOT_TRUSTED, trust, trust_errors, trusted_sources
from core.settings import Settings
from core.spec.own import OwnModel


def lab(tmp_path: Path, name: str = "results") -> Settings:
    return Settings.from_environment(
        {"CONVSCOPE_RESULTS": str(tmp_path / name), "CONVSCOPE_CONFIG": str(tmp_path / "config")}
    )


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return lab(tmp_path)


@pytest.fixture
def own(tmp_path: Path) -> OwnModel:
    """A module that imports two others of its folder, one of them only when it is called."""
    code = tmp_path / "code"
    (code / "parts").mkdir(parents=True)
    (code / "module.py").write_text("from parts import first\ndef build(hp): import late\n")
    (code / "parts" / "__init__.py").write_text("")
    (code / "parts" / "first.py").write_text("from . import second\n")
    (code / "parts" / "second.py").write_text("import numpy\n")
    (code / "late.py").write_text("")
    (code / "unrelated.py").write_text("")
    return OwnModel(reference="module:build", folder=str(code))


def refusal(settings: Settings, own: OwnModel) -> CodeNotTrusted:
    with pytest.raises(CodeNotTrusted) as refused:
        trusted_sources(settings, own)
    return refused.value


def test_code_is_trusted_by_name_folder_and_results_folder(
    settings: Settings, own: OwnModel, tmp_path: Path
) -> None:
    [error] = trust_errors(settings, own)
    assert (error.field, error.code) == ("model.own", FieldCode.NOT_TRUSTED)
    assert f"Client().trust_code('module:build', folder={own.folder!r})" in error.message
    trust(settings, own)
    trust(settings, own)
    assert trust_errors(settings, own) == []
    assert trust_errors(settings, own.model_copy(update={"reference": "module:other"}))
    assert trust_errors(settings, own.model_copy(update={"folder": str(tmp_path)}))
    assert trust_errors(lab(tmp_path, "other"), own)


def test_trust_covers_what_the_code_imports_from_its_folder_and_nothing_else(
    settings: Settings, own: OwnModel
) -> None:
    trust(settings, own)
    assert set(trusted_sources(settings, own)) == {
        "module",
        "parts",
        "parts.first",
        "parts.second",
        "late",
    }


@pytest.mark.parametrize(
    "name", ["module.py", "parts/__init__.py", "parts/first.py", "parts/second.py", "late.py"]
)
@pytest.mark.parametrize("gone", [False, True], ids=["edited", "deleted"])
def test_code_that_changed_since_is_not_trusted_any_more(
    name: str, gone: bool, settings: Settings, own: OwnModel
) -> None:
    trust(settings, own)
    file = Path(own.folder) / name
    if gone:
        file.unlink()
    else:
        file.write_text(file.read_text() + "\n")
    refused = refusal(settings, own)
    assert refused.code == CHANGED
    assert "changed since it was trusted" in str(refused)
    assert "trust_code" in str(refused)


def test_edited_code_can_be_trusted_again(settings: Settings, own: OwnModel) -> None:
    trust(settings, own)
    (Path(own.folder) / "module.py").write_text("def build(hp): ...\n")
    trust(settings, own)
    assert set(trusted_sources(settings, own)) == {"module"}


def test_a_results_folder_brings_no_trust_along(
    settings: Settings, own: OwnModel, caplog: pytest.LogCaptureFixture
) -> None:
    trust(settings, own)
    written = (settings.config / FILE).read_text()
    (settings.config / FILE).unlink()
    settings.results.mkdir()
    for content in (written, json.dumps([[own.reference, own.folder]])):
        (settings.results / FILE).write_text(content)
        with caplog.at_level(logging.WARNING):
            assert refusal(settings, own).code == NOT_TRUSTED
        assert f"{settings.results / FILE} is ignored" in caplog.text


@pytest.mark.parametrize("folder", ["", ".", "code", "../code", "/\x00", "~"])
def test_a_folder_that_is_no_absolute_path_is_refused(
    folder: str, settings: Settings, own: OwnModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(own.folder).parent)
    relative = own.model_copy(update={"folder": folder})
    assert "absolute path" in str(refusal(settings, relative))
    with pytest.raises(CodeNotTrusted):
        trust(settings, relative)


def test_code_that_is_not_there_and_the_labs_own_cannot_be_trusted(
    settings: Settings, own: OwnModel
) -> None:
    root = str(Path(__file__).resolve().parents[3])
    for reference, folder in (("nothing:f", own.folder), ("core.models.trust:trust", root)):
        with pytest.raises(CodeNotTrusted, match="ModuleNotFoundError"):
            trust(settings, OwnModel(reference=reference, folder=folder))


def test_only_this_user_can_read_and_change_what_is_trusted(
    settings: Settings, own: OwnModel
) -> None:
    trust(settings, own)
    assert settings.config.stat().st_mode & 0o777 == 0o700
    assert (settings.config / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to_is_a_sentence(
    settings: Settings, own: OwnModel
) -> None:
    settings.config.mkdir(mode=0o500)
    with pytest.raises(DecisionsError, match="CONVSCOPE_CONFIG"):
        trust(settings, own)


def test_a_file_in_the_configuration_folders_place_is_a_sentence(
    settings: Settings, own: OwnModel
) -> None:
    settings.config.write_text("")
    with pytest.raises(DecisionsError, match="CONVSCOPE_CONFIG"):
        trust(settings, own)


@pytest.mark.parametrize(
    "content",
    [b"", b"[[", b"[" * 100_000, b"3", b'{"module:build": 1}', b"\xff", b"[1, null, []]"],
)
def test_a_damaged_list_trusts_nothing_and_can_be_written_again(
    content: bytes, settings: Settings, own: OwnModel
) -> None:
    trust(settings, own)
    (settings.config / FILE).write_bytes(content)
    assert trust_errors(settings, own)
    trust(settings, own)
    assert trust_errors(settings, own) == []


@pytest.mark.parametrize("modules", [None, 3, {}, {"module": 3}, {"module": {"file": "module.py"}}])
def test_a_damaged_entry_trusts_nothing(modules: object, settings: Settings, own: OwnModel) -> None:
    trust(settings, own)
    file = settings.config / FILE
    [entry] = json.loads(file.read_text())
    file.write_text(json.dumps([entry | {"modules": modules}]))
    assert refusal(settings, own).code == NOT_TRUSTED


def test_calls_that_trust_code_at_once_are_all_kept(settings: Settings, own: OwnModel) -> None:
    every = [own.model_copy(update={"reference": f"module:build{n}"}) for n in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: trust(settings, each), every))
    assert [each for each in every if trust_errors(settings, each)] == []
