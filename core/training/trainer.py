"""Train one network from an experiment: the one door of this package.

Light until it is called: Keras reads its engine from the environment when it is imported, so
the engine is chosen first.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.datasets.opened import OpenedDataset
from core.spec.experiment import Experiment
from core.training.engine import prepare_engine, select_engine
from core.training.failures import failure_of
from core.training.reporter import EpochRecord, Reporter


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended without a failure."""

    epochs: int
    """Epochs that are done, over all attempts."""
    best: EpochRecord | None
    """Highest validation accuracy (ties: the earlier); None before the first epoch is done."""
    stopped: bool
    """Somebody asked for it before all epochs were done."""


def train(
    experiment: Experiment,
    *,
    dataset: OpenedDataset,
    folder: Path,
    reporter: Reporter,
    resume: bool,
    until: int | None = None,
    exports: bool = True,
) -> TrainingResult:
    """Train ``experiment`` (its first seed) and leave checkpoints and the best network in
    ``folder``, which is there: one that is moved away meanwhile is not made again.

    With ``resume`` it goes on from the newest checkpoint that is whole, and ends as if it had
    never been interrupted; without, whatever ``folder`` holds of an earlier training goes. It ends
    with epoch ``until``, wherever the experiment's own epochs and its schedule end. Without
    ``exports`` no LiteRT form of the network is written.
    Raises TrainingFailed with a code and one plain sentence, and whatever the reporter raises.
    """
    try:
        engine = select_engine(experiment.training.engine)
        reporter.engine(engine)
        prepare_engine(engine)
        # Imported here, for they import Keras: see above.
        from core.training.session import Session

        session = Session(experiment, dataset, folder, reporter, engine, exports=exports)
        return session.run(resume=resume, until=until)
    # Engines raise types of their own, which cannot be named without importing each of them.
    except Exception as error:
        failure = failure_of(error)
        if failure is None or failure is error:
            raise
        raise failure from error
