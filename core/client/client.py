"""The Client, composed of one part per subject."""

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
    """The Python interface for pages, command line and notebooks.

    ``client.runs.submit(...)``, ``client.metrics.frame(...)``, ``client.searches.pause(...)``:
    each part is a class in a module of this package.

    Importing and using it loads neither Keras nor an engine: processes of their own do the work
    that needs them. Threads may share one client. It raises the errors of `core.errors` for
    problems that a person can solve.
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
        """The folders of results, data and caches."""
        return self._lab.settings

    @property
    def store(self) -> Store:
        """The store, opened (and migrated) on first use. StoreError when it cannot be used."""
        return self._lab.store

    def revision(self) -> int:
        """A number that changes whenever anything a page shows has changed."""
        return self.store.revision()

    def rebuild_store(self, *, force: bool = False) -> Rebuilt:
        """Rebuild the database from the runs' folders; the old files are kept under other names.

        Raises StoreError while a supervisor, trainer or controller is active, and for a database
        that works unless ``force``.
        """
        from core.jobs.rebuild import rebuild_database

        self.close()
        return rebuild_database(self.settings, force=force)

    def close(self) -> None:
        """End this client's Keras processes and close its connections. Runs continue.

        The client may be used afterwards: it opens them again.
        """
        self.predictions.close()
        self._lab.close()
