"""Searches before they start: presets, files, checks, estimates."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from core.client.experiments import Experiments, named_file
from core.client.lab import Lab
from core.client.machine import Machine
from core.client.search.overrides import adjusted, free_name
from core.errors import FieldError, InvalidExperiment, RunNotFound, UnknownPreset
from core.records.searches import SearchRecord

if TYPE_CHECKING:
    from core.client.search.estimates import SearchEstimate
    from core.spec.search import Search, SearchPreset

_log = logging.getLogger(__name__)


class SearchDrafts:
    """Presets and files of searches, their cost, and their errors."""

    def __init__(self, lab: Lab, machine: Machine, experiments: Experiments) -> None:
        self._lab = lab
        self._machine = machine
        self._experiments = experiments

    def presets(self) -> list[SearchPreset]:
        """Every search that ships with the lab, by name. A broken file is logged and left out."""
        from core.spec.search import read_search_preset, search_preset_names

        found = []
        for name in search_preset_names():
            try:
                found.append(read_search_preset(name))
            except (InvalidExperiment, UnknownPreset) as error:
                _log.warning("The search preset %s is left out: %s", name, error)
        return found

    def read(self, reference: str) -> tuple[Search, str | None]:
        """A search preset's name or the path of a TOML file: the search, and the preset's name.

        Raises UnknownPreset when it is neither, InvalidExperiment when the file is wrong.
        """
        from core.spec.search import read_search, read_search_preset

        file = named_file(reference, "search")
        if file is not None:
            return read_search(file), None
        return read_search_preset(reference).search, reference

    def read_adjusted(
        self,
        reference: str,
        assignments: Iterable[str] = (),
        *,
        max_trials: int | None = None,
        parallel: int | None = None,
        name: str | None = None,
    ) -> tuple[Search, str | None]:
        """A search with changed fields (see `adjusted`), and its preset's name.

        A search without a name gets that of its file, with a number when another search has it.
        Raises as `read` does, and InvalidExperiment for a wrong field.
        """
        found, preset = self.read(reference)
        if name is None and found.name == Path(reference).stem:
            name = free_name(found.name, {each.name for each in self._lab.store.searches.list()})
        changed = adjusted(found, assignments, max_trials=max_trials, parallel=parallel, name=name)
        return changed, preset

    def check(self, search: Search, *, base_run_id: str | None = None) -> list[FieldError]:
        """Every field that prevents the search; empty when it can start."""
        from core.client.search.checks import check_search

        taken = {each.name for each in self._lab.store.searches.list()}
        return [
            *self._base_errors(base_run_id),
            *check_search(search, self._lab.settings, taken=taken),
        ]

    def estimate(self, search: Search) -> SearchEstimate:
        """The number of combinations, and the time that the search takes on this machine.

        Raises as `Experiments.estimate` does.
        """
        from core.client.search.estimates import estimate_search

        return estimate_search(search, self._experiments.estimate, self._machine.slots())

    def of(self, reference: str) -> Search:
        """The definition of a stored search, with its present budget."""
        return spec_of(self._lab.store.searches.get(reference))

    def _base_errors(self, run_id: str | None) -> list[FieldError]:
        """The error that the run on which the search is based was deleted."""
        if run_id is None:
            return []
        try:
            self._lab.store.runs.get(run_id)
        except RunNotFound as error:
            return [FieldError("base", str(error))]
        return []


def spec_of(found: SearchRecord) -> Search:
    """The definition of a stored search, with its present budget."""
    from core.spec.search import parse_search

    return parse_search(found.config | {"name": found.name, "budget": found.budget})
