"""`convscope`: everything the pages do, from a terminal or a script, through the same Client.

    convscope presets | describe | run | runs | show | stop | resume | predict
    convscope search | searches | trials | pause | end | promote
    convscope data | worker | serve | store rebuild

Results go to standard output, as a table or sentences, or as JSON with `--json`. Everything
else (progress, warnings, errors) goes to standard error. JSON has no NaN and no infinity: they
are written as null.

Exit codes: 0 done; 1 something went wrong (a run failed, an image was refused, the store cannot
be used); 2 the command was wrong (usage, an unknown preset, field, run or search, or an experiment
that cannot be launched); 130 Ctrl+C, which ends the watching and leaves runs going.
"""

from core.cli.app import app

__all__ = ["app"]
