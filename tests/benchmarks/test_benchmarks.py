"""Every benchmark runs, at a tiny size, and the table says what was asked and what came."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from benchmarks import table
from benchmarks.__main__ import MEASUREMENTS, main, measured
from benchmarks.figures import TINY, Figure, NotMeasured, Size, at_least, at_most
from benchmarks.session import Session
from core.records.runs import Run

STARTS_PROCESSES = {
    "throughput",
    "batch_norm",
    "grouped_conv",
    "channel_slice",
    "features",
    "best_cpu",
    "launch",
    "searches",
    "dashboard",
    "memory",
    "predict",
}


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(TINY) as opened:
        yield opened
    assert not opened.folder.exists()
    left = [p.cmdline() for p in psutil.process_iter() if works_on(p, opened.folder)]
    assert left == []


def works_on(process: psutil.Process, folder: Path) -> bool:
    """Whether a living process has its results in ``folder``; other tests have their own."""
    try:
        return process.environ().get("CONVSCOPE_RESULTS", "").startswith(str(folder))
    except psutil.Error:  # ended meanwhile, or waits to be collected
        return False


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=[pytest.mark.slow, pytest.mark.processes] if name in STARTS_PROCESSES else [],
        )
        for name in MEASUREMENTS
    ],
)
def test_a_benchmark_runs_and_leaves_nothing_behind(name: str, session: Session) -> None:
    section = measured(name, session)
    assert section.reason == "" or "Chromium" in section.reason
    for figure in section.figures:
        assert figure.values
        assert figure.value > 0
    assert section.title in table.section(section)


@pytest.mark.parametrize(
    ("bound", "value", "verdict"),
    [
        (at_least(0.97), 0.97, "pass"),
        (at_least(0.97), 0.96, "**miss**"),
        (at_most(300.0), 300.0, "pass"),
        (at_most(300.0), 301.0, "**miss**"),
        (None, 1.0, "-"),
    ],
)
def test_a_verdict_follows_from_the_median(bound: object, value: float, verdict: str) -> None:
    figure = Figure("a thing", [0.0, value, 1e9], "MB", bound)  # type: ignore[arg-type]
    assert figure.verdict == verdict
    assert f"| {verdict} |" in table.section(table.Section("a", "A", [figure]))


def test_what_needs_absent_images_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CONVSCOPE_DATA", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with Session(Size(dataset="cifar10")) as session:
        with pytest.raises(NotMeasured, match="cifar10"):
            session.prepared()
        section = measured("data", session)
    assert "not yet measured" in table.section(section)


def test_a_benchmark_that_breaks_does_not_stop_the_others(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_runs(*_: object) -> list[Run]:
        raise OSError("No space left on device")

    monkeypatch.setattr("benchmarks.charts.add_runs_with_curves", no_runs)
    assert main(["--tiny", "--only", "charts", "data"]) == 1
    told = capsys.readouterr().out
    assert "It broke: OSError: No space left on device" in told
    assert "Open them later" in told
