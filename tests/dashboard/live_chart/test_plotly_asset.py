"""plotly.min.js is whole and of the right version, however many servers start at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs, get_plotlyjs_version

from dashboard.live_chart.plotly_asset import publish

ROOT = Path(__file__).resolve().parents[3]


def test_it_is_written_once_and_named_by_its_version(tmp_path: Path) -> None:
    url = publish(tmp_path)
    target = tmp_path / "plotly.min.js"
    assert url == f"app/static/plotly.min.js?v={get_plotlyjs_version()}"
    assert target.read_text(encoding="utf-8") == get_plotlyjs()
    written = target.stat()
    publish(tmp_path)
    assert target.stat().st_ino == written.st_ino


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        publish(tmp_path / "static")
    assert not any(tmp_path.iterdir())


def test_another_version_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "plotly.min.js"
    target.write_text("/**\n* plotly.js v1.0.0\n*/\n", encoding="utf-8")
    publish(tmp_path)
    assert target.read_text(encoding="utf-8") == get_plotlyjs()


def test_several_servers_at_once_leave_one_whole_file(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys; from dashboard.live_chart.plotly_asset import publish; "
        "publish(pathlib.Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    processes = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["plotly.min.js"]
    assert (tmp_path / "plotly.min.js").read_text(encoding="utf-8") == get_plotlyjs()
