"""Searches before they start: presets, files, checks, estimates."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from core.client.experiments import Experiments, is_file
from core.client.lab import Lab
from core.client.machine import Machine
from core.client.search.overrides import adjusted, free_name
from core.errors import FieldError, InvalidExperiment, RunNotFound, UnknownPreset
from core.records.searches import SearchRecord
from core.text import quote

if TYPE_CHECKING:
    from core.client.search.estimates import SearchEstimate
    from core.spec.search import Search, SearchPreset

_log = logging.getLogger(__name__)


class SearchDrafts:
    """Searches that can be started, and whether one can be."""

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

        path = Path(reference)
        if path.suffix == ".toml" or len(path.parts) > 1:
            if not is_file(path):
                raise UnknownPreset(f"There is no search file {quote(reference)}.")
            return read_search(path), None
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
        """A search as the command line asks for it, and its preset's name: see `adjusted`.

        One that has no name of its own gets its file's, with a number where that is taken.
        Raises as `read` does, and InvalidExperiment for a wrong field.
        """
        found, preset = self.read(reference)
        if name is None and found.name == Path(reference).stem:
            name = free_name(found.name, {each.name for each in self._lab.store.searches.list()})
        return adjusted(found, assignments, max_trials=max_trials, parallel=parallel, name=name), (
            preset
        )

    def check(self, search: Search, *, base_run_id: str | None = None) -> list[FieldError]:
        """Everything that would stop a search, by field; empty when nothing would."""
        from core.client.search.checks import check_search

        taken = {each.name for each in self._lab.store.searches.list()}
        return [
            *self._base_errors(base_run_id),
            *check_search(search, self._lab.settings, taken=taken),
        ]

    def estimate(self, search: Search) -> SearchEstimate:
        """How many combinations there are and how long the search will take here.

        Raises as `estimate` does.
        """
        from core.client.search.estimates import estimate_search

        return estimate_search(search, self._experiments.estimate, self._machine.slots())

    def of(self, reference: str) -> Search:
        """What a search does, with the budget as it is now: to read, to clone, to change."""
        return spec_of(self._lab.store.searches.get(reference))

    def _base_errors(self, run_id: str | None) -> list[FieldError]:
        """A run that was deleted while a search was made from it."""
        if run_id is None:
            return []
        try:
            self._lab.store.runs.get(run_id)
        except RunNotFound as error:
            return [FieldError("base", str(error))]
        return []


def spec_of(found: SearchRecord) -> Search:
    """What a stored search does, with the budget as it is now."""
    from core.spec.search import parse_search

    return parse_search(found.config | {"name": found.name, "budget": found.budget})
