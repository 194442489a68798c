"""`convscope`: the lab on the command line, through the same Client as the pages.

    convscope presets | describe | run | runs | show | stop | resume | predict
    convscope search | searches | trials | pause | end | promote
    convscope data | release | worker | serve | store rebuild

Results are printed on standard output, as a table or sentences, or as JSON with `--json`.
Progress, warnings and errors are printed on standard error. JSON has no NaN and no infinity: they
are written as null.

Exit codes: 0 done; 1 something went wrong (a run failed, an image was refused, the store cannot
be used); 2 the command was wrong (usage, an unknown preset, field, run or search, or an experiment
that cannot be launched); 130 interrupted by Ctrl+C while waiting: the runs continue.
"""

from core.cli.app import app

__all__ = ["app"]
