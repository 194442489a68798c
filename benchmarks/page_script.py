"""Run a page's script several times without a browser; milliseconds of each as JSON.

python -m benchmarks.page_script pages/runs/runs.py 5
python -m benchmarks.page_script pages/run/run.py 5 run=ID tab=Config
"""

from __future__ import annotations

import json
import sys
import time

from streamlit.testing.v1 import AppTest

from core.settings import PROJECT_ROOT


def main(page: str, times: int, *address: str) -> list[float]:
    """Open the page, then run it again and again. RuntimeError when it shows an exception."""
    app = AppTest.from_file(str(PROJECT_ROOT / "dashboard" / "app.py"), default_timeout=120)
    app.switch_page(page)
    for part in address:
        name, _, value = part.partition("=")
        app.query_params[name] = value
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        app.run()
        taken.append(1000 * (time.perf_counter() - started))
        if app.exception:
            raise RuntimeError(f"{page} failed: {app.exception[0].message}")
    return taken


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])))
