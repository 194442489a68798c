"""`python -m benchmarks`: measure all and write RESULTS.md; `--only NAME`: print one."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

from benchmarks import (
    batch_norm,
    best_cpu,
    channel_slice,
    charts,
    dashboard_start,
    data,
    features,
    grouped_conv,
    launch,
    machine,
    memory,
    predict,
    runs_table,
    search_page,
    searches,
    table,
    throughput,
)
from benchmarks.figures import FULL, TINY, NotMeasured
from benchmarks.session import Session
from benchmarks.table import Section

MEASUREMENTS: Mapping[str, ModuleType] = {
    "throughput": throughput,
    "batch_norm": batch_norm,
    "grouped_conv": grouped_conv,
    "channel_slice": channel_slice,
    "features": features,
    "best_cpu": best_cpu,
    "launch": launch,
    "searches": searches,
    "dashboard": dashboard_start,
    "memory": memory,
    "data": data,
    "predict": predict,
    "charts": charts,
    "runs": runs_table,
    "search_page": search_page,
}
"""Name on the command line to module, in the order of the table."""

RESULTS = Path(__file__).with_name("RESULTS.md")
_log = logging.getLogger("benchmarks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 also when a promise is missed (the table says so), 1 when something broke."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=MEASUREMENTS, help="only print these")
    parser.add_argument("--tiny", action="store_true", help="only see that it works; print")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    _log.setLevel(logging.INFO)
    header = machine.describe()
    with Session(TINY if options.tiny else FULL) as session:
        sections = [measured(name, session) for name in options.only or MEASUREMENTS]
    text = table.document(header, sections)
    print(text)
    if not options.only and not options.tiny:
        RESULTS.write_text(text, encoding="utf-8")
    return int(any(each.broke for each in sections))


def measured(name: str, session: Session) -> Section:
    """One section of the table; what goes wrong is its reason, and the others go on."""
    module = MEASUREMENTS[name]
    _log.info("%s ...", module.TITLE)
    started = time.perf_counter()
    try:
        figures = module.measure(session)
    except NotMeasured as why:
        return Section(name, module.TITLE, reason=str(why))
    # A part that breaks must not cost the minutes of the others.
    except Exception as error:  # noqa: BLE001
        _log.exception("%s broke.", module.TITLE)
        reason = f"It broke: {type(error).__name__}: {error}"
        return Section(name, module.TITLE, reason=reason, broke=True)
    return Section(name, module.TITLE, figures, seconds=time.perf_counter() - started)


if __name__ == "__main__":
    # Ended from outside, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
