"""The Client: every verb of the lab behind one name."""

from __future__ import annotations

from core.client.datasets import DatasetVerbs
from core.client.grids import GridVerbs
from core.client.held_work import HeldWorkVerbs
from core.client.predictions import PredictionVerbs
from core.client.samples import SampleVerbs
from core.client.search.hypermodels import HyperModelVerbs
from core.client.stores import StoreVerbs
from core.client.unreadable import UnreadableVerbs


class Client(
    GridVerbs,
    HyperModelVerbs,
    DatasetVerbs,
    PredictionVerbs,
    SampleVerbs,
    HeldWorkVerbs,
    UnreadableVerbs,
    StoreVerbs,
):
    """Everything that pages, command line and notebooks can ask of the lab.

    Its verbs are grouped by what they are about: `experiments`, `datasets`, `grids` (which
    brings `runs` and `machine` along), `searches` (`search_looks` reads
    them, `hypermodels` starts them from code), `predictions`, `samples`, `held_work`,
    `unreadable` and `stores`, each a module beside this one.

    Light: importing and using it loads neither Keras nor an engine; what needs them runs in
    processes of its own. Threads may share one. Raises the errors of `core.errors` only for
    what a person can do something about.
    """
