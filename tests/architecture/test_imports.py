"""The page's process stays light: no engine is loaded in it, whatever a visitor opens."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow
PAGES = sorted(each.parent.name for each in (ROOT / "dashboard" / "pages").glob("*/__init__.py"))
ENGINES = ("tensorflow", "keras", "keras_tuner", "jax", "torch")

IMPORT_ALL = f"""
import importlib, pkgutil, sys
import core.client, dashboard
# Pages and the app run when imported; they are opened in the test below.
for module in pkgutil.walk_packages(dashboard.__path__, "dashboard."):
    *_, folder, name = module.name.split(".")
    if name != "app" and not (folder == name and module.name.startswith("dashboard.pages.")):
        importlib.import_module(module.name)
print(sorted(sys.modules.keys() & {set(ENGINES)}))
"""

OPEN_EVERY_PAGE = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file("dashboard/app.py", default_timeout=60)
for page in sys.argv[1:]:
    app.switch_page(page).run()
    assert not app.exception, (page, [each.message for each in app.exception])
print(sorted(sys.modules.keys() & {set(ENGINES)}))
"""


def in_a_fresh_process(code: str, *arguments: str, results: Path) -> str:
    """What a Python of its own prints; what went wrong in it is the test's message."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, "CONVSCOPE_RESULTS": str(results), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_dashboard_loads_no_engine(tmp_path: Path) -> None:
    assert in_a_fresh_process(IMPORT_ALL, results=tmp_path) == "[]"


def test_opening_every_page_loads_no_engine(tmp_path: Path) -> None:
    assert PAGES
    pages = [f"pages/{page}/{page}.py" for page in PAGES]
    assert in_a_fresh_process(OPEN_EVERY_PAGE, *pages, results=tmp_path) == "[]"


@pytest.mark.parametrize("module", ["core.jobs.supervisor", "core.cli"])
def test_a_light_process_loads_no_engine(module: str, tmp_path: Path) -> None:
    code = f"import sys, {module}; print(sorted(sys.modules.keys() & {set(ENGINES)}))"
    assert in_a_fresh_process(code, results=tmp_path) == "[]"


def test_this_test_would_see_an_engine(tmp_path: Path) -> None:
    code = f"import sys, keras; print(sorted(sys.modules.keys() & {set(ENGINES)}))"
    assert "keras" in in_a_fresh_process(code, results=tmp_path)
