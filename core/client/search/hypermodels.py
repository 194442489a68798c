"""Searches over networks of a person's own: a Keras Tuner HyperModel, handed over in Python.

Its trials are runs like any other: same queue, curves, checkpoints and pages. Each trainer
imports the HyperModel by its name and builds the network with the trial's values.

What it must keep to:
- it stands in a module of its own (not in a notebook or a script), as a class without arguments,
  an instance at the module's top, or a function of ``hp``;
- what it needs of its own folder it imports by ``import`` statements: those files are trusted
  with it, and nothing else of the folder is imported;
- the network takes images (height, width, channels) scaled as ``data.input_scaling`` says, and
  gives a probability for each class;
- the optimiser that it is compiled with is used; loss and metrics are the lab's, and so are
  epochs, batch size and augmentation. ``HyperModel.fit`` is not called;
- no two hyperparameters share a name, and a name has letters, digits, spaces, ``_`` and ``-``.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.client.lab import Lab
from core.client.search.searches import Searches
from core.errors import CodeNotTrusted, FieldError, InvalidExperiment
from core.jobs.devices import CPU
from core.jobs.launch import device_environment
from core.models.trust import trust
from core.settings import PROJECT_ROOT, Settings
from core.spec import Experiment, parse
from core.spec.own import OwnModel
from core.text import quote

if TYPE_CHECKING:
    from core.records.searches import SearchRecord
    from core.spec.search import Search

_PATIENCE_S = 300.0
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]*")


class HyperModels:
    """Searches over code."""

    def __init__(self, lab: Lab, searches: Searches) -> None:
        self._lab = lab
        self._searches = searches

    def search(
        self, hypermodel: Any, base: Experiment, *, name: str, **search: Any
    ) -> SearchRecord:
        """Set a search over a HyperModel going, on the data and schedule of ``base``.

        ``hypermodel`` is the object itself or its name, ``module:attribute``. ``search`` takes
        the other fields of a Search: algorithm, objective, budget, seeds, pruning. The call trusts
        the code, see `trust`. Takes some seconds, as a process of its own finds the
        hyperparameters. Raises InvalidExperiment.
        """
        own = own_model_of(hypermodel)
        # First, for the process that finds the hyperparameters imports the code.
        _trust(self._lab.settings, own)
        return self._searches.submit(
            search_over(own, base, self._lab.settings, name=name, **search)
        )

    def trust(self, hypermodel: Any, *, folder: str | Path | None = None) -> None:
        """Let runs of this results folder import this code, as its files are now.

        ``hypermodel`` is the object itself or its name, ``module:attribute``, which is then found
        in ``folder`` (the current one by default). Only this user trusts it then, and only until a
        file changes: the module's own, or one that it imports from its folder. Raises
        InvalidExperiment when there is no such module.
        """
        own = own_model_of(hypermodel)
        if folder is not None:
            own = OwnModel(reference=own.reference, folder=str(Path(folder).resolve()))
        _trust(self._lab.settings, own)


def search_over(
    own: OwnModel, base: Experiment, settings: Settings, *, name: str, **search: Any
) -> Search:
    """The search whose parameters are the hyperparameters of some trusted code."""
    from core.spec.search import parse_search

    raw = base.to_dict()
    raw["model"] = {"own": own.model_dump(mode="json")}
    parameters = [_parameter(each) for each in _declared(own, settings)]
    return parse_search(
        {"name": name, "base": parse(raw).to_dict(), "parameters": parameters, **_plain(search)}
    )


def own_model_of(hypermodel: Any) -> OwnModel:
    """By what name, and from which folder, a trainer can import it."""
    reference = hypermodel if isinstance(hypermodel, str) else _reference(hypermodel)
    module = reference.partition(":")[0]
    loaded = sys.modules.get(module)
    file = getattr(loaded, "__file__", None) if loaded is not None else None
    if module == "__main__" or (loaded is not None and file is None):
        raise _wrong(f"{reference} is in no module file, which trainers could import. Move it.")
    # A module that is not loaded yet is looked for where this process would look.
    folder = Path.cwd() if file is None else Path(file).resolve().parents[module.count(".")]
    if file is not None and Path(file).name == "__init__.py":
        folder = folder.parent
    return OwnModel(reference=reference, folder=str(folder))


def _trust(settings: Settings, own: OwnModel) -> None:
    try:
        trust(settings, own)
    except CodeNotTrusted as error:
        raise _wrong(str(error)) from error


def _declared(own: OwnModel, settings: Settings) -> list[dict[str, Any]]:
    """What the code asks for, told by a process of its own: this one stays light."""
    command = [sys.executable, "-m", "core.jobs.declare"]
    done = subprocess.run(
        [*command, "--reference", own.reference, "--folder", own.folder],
        cwd=PROJECT_ROOT,
        env=os.environ | settings.to_environment() | device_environment(CPU, cpu_slots=1),
        capture_output=True,
        text=True,
        timeout=_PATIENCE_S,
        check=False,
    )
    if done.returncode != 0:
        raise _wrong(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "No answer.")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def _parameter(declared: dict[str, Any]) -> dict[str, Any]:
    name, conditions = declared["name"], declared["conditions"]
    if not _NAME.fullmatch(name):
        raise _wrong(
            f"Got a hyperparameter {quote(name)}. Expected letters, digits, spaces, _ and -."
        )
    # Outer conditions are those of the parameter that the innermost one asks for.
    return {
        "name": name,
        "paths": [f"model.own.values.{name}"],
        "range": _RANGES[declared["kind"]](declared),
        "only_when": conditions[-1] if conditions else None,
    }


def _numbers(kind: str, declared: dict[str, Any]) -> dict[str, Any]:
    if declared["sampling"] not in ("linear", "log"):
        sampling = quote(declared["sampling"])
        raise _wrong(f"{declared['name']} has sampling {sampling}. Expected linear or log.")
    found = {name: declared[name] for name in ("minimum", "maximum")}
    step = {} if declared["step"] is None else {"step": declared["step"]}
    return {"kind": kind, "scale": declared["sampling"]} | found | step


_RANGES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "choice": lambda each: {"kind": "choice", "values": each["values"]},
    "int": lambda each: _numbers("integer", each),
    "float": lambda each: _numbers("real", each),
    "boolean": lambda each: {"kind": "boolean"},
}
"""From Keras Tuner's kinds of hyperparameters to ours."""


def _reference(hypermodel: Any) -> str:
    if inspect.isclass(hypermodel) or inspect.isfunction(hypermodel):
        if "<" in hypermodel.__qualname__:
            raise _wrong(f"{hypermodel.__qualname__} is made inside a function. Move it out of it.")
        return f"{hypermodel.__module__}:{hypermodel.__qualname__}"
    module = sys.modules[type(hypermodel).__module__]
    names = [name for name, value in vars(module).items() if value is hypermodel]
    if not names:
        raise _wrong(
            f"Got an instance of {type(hypermodel).__qualname__} that its module does not name. "
            "Expected its class, an instance at the module's top, or module:attribute."
        )
    return f"{module.__name__}:{names[0]}"


def _plain(search: Mapping[str, Any]) -> dict[str, Any]:
    """Specs as JSON types, so that one parse tells everything that is wrong."""
    return {
        key: value.model_dump(mode="json") if hasattr(value, "model_dump") else value
        for key, value in search.items()
    }


def _wrong(sentence: str) -> InvalidExperiment:
    return InvalidExperiment([FieldError("hypermodel", sentence)])
