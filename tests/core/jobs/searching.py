"""A search under test whose trainers are played by hand, over a real store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.jobs.search.control import SearchControl
from core.records.runs import Failure, Run, RunState
from core.records.searches import SearchRecord, Trial, TrialState
from core.settings import Settings
from core.spec.search import parse_search
from core.store.store import Store
from core.training.reporter import EpochRecord

ALGORITHMS: dict[str, dict[str, Any]] = {
    "random": {"kind": "random"},
    "grid": {"kind": "grid"},
    "bayesian": {"kind": "bayesian"},
    "hyperband": {"kind": "hyperband", "max_epochs": 4, "factor": 2},
}


def search_of(**fields: Any) -> dict[str, Any]:
    """A search over a rate and a batch size of a tiny network on 100 digits."""
    base = {
        "data": {"dataset": "digits", "train_size": 100},
        "model": {
            "stages": [{"convolutions": [{"kind": "normal", "filters": 4}]}],
            "dense": [],
        },
        "training": {"epochs": 2, "batch_size": 64},
    }
    rates = [0.001, 0.003, 0.01, 0.03]
    sizes = [16, 32, 64]
    usual = {
        "name": "rates",
        "base": base,
        "parameters": [
            {
                "name": "rate",
                "paths": ["training.learning_rate"],
                "range": {"kind": "choice", "values": rates},
            },
            {
                "name": "batch",
                "paths": ["training.batch_size"],
                "range": {"kind": "choice", "values": sizes},
            },
        ],
        "budget": {"max_trials": 4},
    }
    return usual | fields


@dataclass
class Played:
    """One search with its controller in this process."""

    settings: Settings
    store: Store
    record: SearchRecord
    control: SearchControl = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def found(self) -> SearchRecord:
        """As the store has it now."""
        return self.store.searches.get(self.id)

    @property
    def trials(self) -> list[Trial]:
        return self.store.searches.trials(self.id)

    @property
    def running(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.state is TrialState.RUNNING]

    def restart(self) -> None:
        """A successor that knows nothing but the store."""
        generation = self.store.controllers.claim(self.id, self.found.generation)
        assert generation is not None
        self.control = SearchControl(self.settings, self.store, self.id, generation)

    def step(self) -> bool:
        return self.control.step()

    def claim(self) -> Run:
        """The next run of the queue, now with a trainer."""
        run = self.store.runs.claim_next("cpu")
        assert run is not None
        return run

    def epochs(self, run: Run, *accuracies: float) -> None:
        """The trainer's finished epochs, after those that are there."""
        for accuracy in accuracies:
            number = self.store.runs.get(run.id).epochs_done + 1
            values = {"loss": 1.0, "val_loss": 1 - accuracy, "val_accuracy": accuracy}
            record = EpochRecord(number, values, seconds=float(number), images=100 * number)
            self.store.metrics.save_epoch(run.id, run.attempt, record)

    def finish(self, run: Run) -> None:
        """The trainer's best network and verdict."""
        folder = self.settings.run_folder(run.id) / "best"
        folder.mkdir(parents=True)
        (folder / "best.keras").write_text(run.id)
        self.end(run, RunState.FINISHED)

    def end(self, run: Run, state: RunState, message: str = "It burst.") -> None:
        bad = state in {RunState.FAILED, RunState.LOST}
        failure = Failure("burst", message) if bad else None
        self.store.runs.end(run.id, run.attempt, state, reason=message, failure=failure)

    def train(self, *accuracies: float) -> Run:
        """One run from its start to its end."""
        run = self.claim()
        self.epochs(run, *accuracies)
        self.finish(run)
        return run


def played(settings: Settings, store: Store, **fields: Any) -> Played:
    """A search that was just submitted."""
    search = parse_search(search_of(**fields))
    record = store.searches.add(
        search.name, search.to_dict(), search.budget.model_dump(mode="json")
    )
    settings.search_folder(record.id).mkdir(parents=True)  # as what starts its controller does
    return Played(settings, store, record)
