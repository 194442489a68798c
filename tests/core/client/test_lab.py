"""Jobs of a lab: processes of their own under the same settings."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from core.client.lab import Lab
from core.settings import Settings


def test_a_job_has_the_settings_and_no_gpu(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    module = ["http.server", "--bind", "127.0.0.1", "0"]
    job = Lab(settings).start_job(*module, log=tmp_path / "job.log")
    try:
        seen = psutil.Process(job.pid).environ()
        assert seen["CUDA_VISIBLE_DEVICES"] == "-1"
        assert seen["CONVSCOPE_RESULTS"] == str(settings.results)
    finally:
        job.kill()
        job.wait()
