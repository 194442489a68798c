"""Trains the model of an experiment: the entry point of this package.

Light until ``train`` is called: Keras reads its engine from the environment when it is imported,
so the engine is chosen first.
"""

from __future__ import annotations

from pathlib import Path

from core.datasets.opened import OpenedDataset
from core.spec.experiment import Experiment
from core.training.engine import prepare_engine, select_engine
from core.training.failures import failure_of
from core.training.history import TrainingResult
from core.training.reporter import Reporter


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
    """Train ``experiment`` (its first seed); write checkpoints and the best model to ``folder``.

    The folder must exist: if it is moved away meanwhile, it is not created again. With ``resume``
    training continues from the newest undamaged checkpoint, with the same result as without the
    interruption; otherwise files of an earlier training are deleted first. Training ends with
    epoch ``until`` if given; the schedule is still that of all the experiment's epochs. Without
    ``exports`` no LiteRT file is written. Raises TrainingFailed with a code and a sentence, and
    every error of the reporter.
    """
    try:
        engine = select_engine(experiment.training.engine)
        reporter.engine(engine)
        prepare_engine(engine)
        # Imported here: it imports Keras.
        from core.training.session import Session

        session = Session(experiment, dataset, folder, reporter, engine, exports=exports)
        return session.run(resume=resume, until=until)
    # Engines raise types of their own, which cannot be named without importing every engine.
    except Exception as error:
        failure = failure_of(error)
        if failure is None or failure is error:
            raise
        raise failure from error
