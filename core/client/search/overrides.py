"""Changes of a search from the command line: its experiment, its budget, its name."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from core.datasets import catalog
from core.errors import FieldError, InvalidExperiment
from core.spec import Experiment
from core.spec.overrides import override
from core.spec.search import Search, covers, parse_search

_LONGEST_NAME = 110


def adjusted(
    search: Search,
    assignments: Iterable[str] = (),
    *,
    max_trials: int | None = None,
    parallel: int | None = None,
    name: str | None = None,
) -> Search:
    """The search with a changed experiment (``training.epochs=2``), budget or name.

    Assigned epochs and seeds replace those of the search. When the assigned data set has fewer
    images than ``data.train_size``, all its images are used, unless ``data.train_size`` is
    assigned too. Raises InvalidExperiment that names the field, also for a field that the search
    varies.
    """
    wanted = list(assignments)
    paths = [each.partition("=")[0].strip() for each in wanted]
    _refuse_varied(search, paths)
    base = override(search.base, wanted)
    if "data.dataset" in paths and "data.train_size" not in paths:
        base = _without_too_large_train_size(base)
    budget = {"max_trials": max_trials, "parallel": parallel}
    changed: dict[str, Any] = search.to_dict()
    changed["base"] = base.to_dict()
    changed["budget"] |= {key: value for key, value in budget.items() if value is not None}
    if "training.epochs" in paths:
        _set_epochs(changed, base.training.epochs)
    if any(path.split(".")[0] == "seeds" for path in paths):
        changed["seeds"] = list(base.seeds)
    return parse_search(changed | ({} if name is None else {"name": name}))


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with a number after it when it is taken."""
    names = (name, *(f"{name[:_LONGEST_NAME]} {number}" for number in range(2, len(taken) + 3)))
    return next(each for each in names if each not in taken)


def _refuse_varied(search: Search, paths: Iterable[str]) -> None:
    errors = [
        FieldError(
            path,
            f"The search varies it ({parameter.name}). Remove it from the search's file first.",
        )
        for path in paths
        for parameter in search.parameters
        if any(covers(each, path) for each in parameter.every_path)
    ]
    if errors:
        raise InvalidExperiment(errors)


def _without_too_large_train_size(base: Experiment) -> Experiment:
    data = base.data
    if data.dataset not in catalog.DATASETS or data.train_size is None:
        return base  # an unknown data set is an error of the check before the launch
    total = catalog.info(data.dataset).train_size
    if data.train_size <= total - round(total * data.validation_fraction):
        return base
    return base.model_copy(update={"data": data.model_copy(update={"train_size": None})})


def _set_epochs(changed: dict[str, Any], epochs: int) -> None:
    changed["budget"]["epochs"] = None
    if changed["algorithm"]["kind"] == "hyperband":
        # Hyperband needs at least two.
        changed["algorithm"]["max_epochs"] = max(2, epochs)
