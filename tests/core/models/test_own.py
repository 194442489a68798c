"""Own code is imported only if it is trusted, from the bytes that were compared."""

from __future__ import annotations

import compileall
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import CodeNotTrusted, TrainingFailed
from core.models.own import load_build, own_model
from core.models.trust import trust
from core.settings import Settings
from core.spec.own import OwnModel

NETWORK = """
import keras
def build(hp):
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(SIZE, activation="softmax")])
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CONVSCOPE_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("CONVSCOPE_CONFIG", str(tmp_path / "config"))
    return Settings.from_environment()


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    """Modules of tests must not stay: they have the same names."""
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if Path(file).parent.name in {"code", "other", "pack"}:
            del sys.modules[name]


def code(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / f"{name}.py").write_text(content, encoding="utf-8")
    return folder


def trusted(settings: Settings, folder: Path, reference: str = "mynet:build") -> OwnModel:
    own = OwnModel(reference=reference, folder=str(folder))
    trust(settings, own)
    return own


def size_of(own: OwnModel) -> int:
    build = load_build(own.reference, own.folder)
    return int(build(None).output_shape[-1])


def test_code_that_nobody_trusted_is_not_imported(settings: Settings, tmp_path: Path) -> None:
    mark = tmp_path / "imported"
    folder = code(tmp_path / "code", mynet=f"open({str(mark)!r}, 'w')")
    before = list(sys.path)
    with pytest.raises(CodeNotTrusted):
        load_build("mynet:build", str(folder))
    config = {"reference": "mynet:build", "folder": str(folder), "values": {}, "units": 3}
    with pytest.raises(CodeNotTrusted):
        own_model(config, name="own")
    assert not mark.exists()
    assert sys.path == before


def test_trusted_code_builds_and_leaves_the_path_alone(settings: Settings, tmp_path: Path) -> None:
    own = trusted(settings, code(tmp_path / "code", mynet=NETWORK.replace("SIZE", "3")))
    before = list(sys.path)
    assert size_of(own) == 3
    assert sys.path == before


def test_code_edited_since_is_refused_and_used_as_edited_once_trusted_again(
    settings: Settings, tmp_path: Path
) -> None:
    folder = code(tmp_path / "code", mynet=NETWORK.replace("SIZE", "3"))
    own = trusted(settings, folder)
    assert size_of(own) == 3
    code(folder, mynet=NETWORK.replace("SIZE", "5"))
    with pytest.raises(CodeNotTrusted, match="changed"):
        size_of(own)
    assert size_of(trusted(settings, folder)) == 5


def test_two_codes_of_one_name_are_not_confused(settings: Settings, tmp_path: Path) -> None:
    one = trusted(settings, code(tmp_path / "code", mynet=NETWORK.replace("SIZE", "3")))
    two = trusted(settings, code(tmp_path / "other", mynet=NETWORK.replace("SIZE", "7")))
    assert [size_of(each) for each in (one, two, one)] == [3, 7, 3]


def test_a_compiled_file_is_never_run_in_the_sources_place(
    settings: Settings, tmp_path: Path
) -> None:
    """It names the time and length of its source, and both are easily made equal."""
    foreign, mine = NETWORK.replace("SIZE", "9"), NETWORK.replace("SIZE", "3")
    folder = code(tmp_path / "code", mynet=foreign)
    os.utime(folder / "mynet.py", (1, 1))
    compileall.compile_dir(folder, quiet=2)
    code(folder, mynet=mine)
    os.utime(folder / "mynet.py", (1, 1))
    assert size_of(trusted(settings, folder)) == 3


def test_modules_of_the_folder_that_were_not_compared_are_not_imported(
    settings: Settings, tmp_path: Path
) -> None:
    mark = tmp_path / "imported"
    hidden = "import importlib\ndef build(hp): importlib.import_module('hidden')\n"
    folder = code(tmp_path / "code", mynet=hidden, hidden=f"open({str(mark)!r}, 'w')")
    own = trusted(settings, folder)
    with pytest.raises(ModuleNotFoundError):
        load_build(own.reference, own.folder)(None)
    assert not mark.exists()


def test_what_a_module_imports_is_found_also_while_it_builds(
    settings: Settings, tmp_path: Path
) -> None:
    late = "def build(hp):\n    from pack.layers import make\n    return make(hp)\n"
    folder = code(tmp_path / "code", mynet=late)
    code(folder / "pack", __init__="", layers=NETWORK.replace("SIZE", "4") + "make = build\n")
    assert size_of(trusted(settings, folder)) == 4


def test_a_name_that_belongs_to_another_module_is_an_error_that_names_it(
    settings: Settings, tmp_path: Path
) -> None:
    folder = code(tmp_path / "code", json=NETWORK.replace("SIZE", "3"))
    own = trusted(settings, folder, "json:build")
    with pytest.raises(ImportError, match="Rename json"):
        load_build(own.reference, own.folder)


def test_code_that_raises_is_a_failure_with_its_words(settings: Settings, tmp_path: Path) -> None:
    own = trusted(settings, code(tmp_path / "code", mynet="def build(hp): raise OSError('mine')"))
    config = {"reference": own.reference, "folder": own.folder, "values": {}, "units": 3}
    with pytest.raises(TrainingFailed, match="OSError: mine") as failed:
        own_model(config, name="own")
    assert failed.value.code == "own_code"
