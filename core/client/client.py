"""The Client: the lab behind one name, composed of parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.client.artifacts import Artifacts
from core.client.datasets import Datasets
from core.client.experiments import Experiments
from core.client.grids import Grids
from core.client.held_work import HeldWorkControl
from core.client.lab import Lab
from core.client.machine import Machine
from core.client.metrics import Metrics
from core.client.predictions import Predictions
from core.client.runs import Runs
from core.client.search.drafts import SearchDrafts
from core.client.search.hypermodels import HyperModels
from core.client.search.searches import Searches
from core.client.search.trials import Trials
from core.client.unreadable import UnreadableRows
from core.client.waiting import Waiter
from core.settings import Settings

if TYPE_CHECKING:
    from core.jobs.rebuild import Rebuilt
    from core.store.store import Store


class Client:
    """Everything that pages, command line and notebooks can ask of the lab, by subject.

    ``client.runs.submit(...)``, ``client.metrics.frame(...)``, ``client.searches.pause(...)``:
    each part is a class of its own in a module beside this one.

    Light: importing and using it loads neither Keras nor an engine; what needs them runs in
    processes of its own. Threads may share one. Raises the errors of `core.errors` only for
    what a person can do something about.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        lab = self._lab = Lab(settings)
        self.machine = Machine(lab)
        self.held_work = HeldWorkControl(lab, self.machine)
        self.datasets = Datasets(lab)
        self.experiments = Experiments(lab)
        waiter = Waiter(lab, self.machine, self.held_work)
        self.runs = Runs(lab, self.machine, self.held_work, self.experiments, waiter)
        self.grids = Grids(lab, self.experiments, self.runs)
        self.metrics = Metrics(lab)
        self.artifacts = Artifacts(lab)
        self.predictions = Predictions(lab)
        self.search_drafts = SearchDrafts(lab, self.machine, self.experiments)
        self.searches = Searches(lab, self.machine, self.held_work, self.search_drafts, waiter)
        self.trials = Trials(lab, self.machine, self.held_work, self.experiments)
        self.hypermodels = HyperModels(lab, self.searches)
        self.unreadable = UnreadableRows(lab)

    @property
    def settings(self) -> Settings:
        """Where results, data and caches are."""
        return self._lab.settings

    @property
    def store(self) -> Store:
        """The store, opened (and migrated) on first use. StoreError when it cannot be used."""
        return self._lab.store

    def revision(self) -> int:
        """A number that changes whenever anything a page shows has changed."""
        return self.store.revision()

    def rebuild_store(self, *, force: bool = False) -> Rebuilt:
        """Make a new database from the runs' folders; the old files are moved aside.

        Raises StoreError while a supervisor, trainer or controller works, and for a database that
        is in order unless ``force``.
        """
        from core.jobs.rebuild import rebuild_database

        self.close()
        return rebuild_database(self.settings, force=force)

    def close(self) -> None:
        """End what this client holds: Keras processes, connections. Runs are left alone.

        It may still be used afterwards and opens them again.
        """
        self.predictions.close()
        self._lab.close()
