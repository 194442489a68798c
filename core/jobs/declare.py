"""Print the hyperparameters of a HyperModel, in a process of its own: the code imports Keras.

`python -m core.jobs.declare --reference MODULE:ATTRIBUTE --folder FOLDER` prints a JSON list of
`{"name", "kind", ..., "conditions": [{"parameter", "values"}]}`; the code's own output goes to
standard error. Exit code 1, with a sentence on standard error: the code cannot be used.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence

from core.errors import ConvscopeError
from core.spec.training import Engine
from core.training.engine import select_engine


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the hyperparameters of one HyperModel."""
    parser = argparse.ArgumentParser(prog="core.jobs.declare")
    parser.add_argument("--reference", required=True)
    parser.add_argument("--folder", required=True)
    options = parser.parse_args(arguments)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            select_engine(Engine.AUTO)
            # Imported here, for it imports Keras.
            from core.models.own_space import declared

            found = declared(options.reference, options.folder)
    except ConvscopeError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
