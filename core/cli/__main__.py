"""`python -m core.cli`: the same as `convscope`."""

from core.cli.app import app

app(prog_name="convscope")
