"""The client's verbs about experiments: presets, descriptions, estimates, checks."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from core.client.checks import check
from core.client.lab import Lab
from core.datasets import catalog
from core.errors import FieldError, InvalidExperiment, UnknownPreset
from core.models.backbones import catalog as backbones
from core.models.backbones.catalog import BackboneInfo
from core.records.runs import RunState
from core.spec import Experiment, parse
from core.spec.files import Preset, preset_names, read_experiment, read_preset
from core.text import quote

if TYPE_CHECKING:
    from core.jobs.estimates import Estimate
    from core.models.summary import Summary

_log = logging.getLogger(__name__)


class Experiments:
    """What can be run, what it is made of, and whether it can be launched."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def presets(self) -> list[Preset]:
        """Every preset that ships with the lab, by name. A broken file is logged and left out."""
        return [preset for name in preset_names() if (preset := self._preset_or_none(name))]

    def preset(self, name: str) -> Preset:
        """One preset. UnknownPreset, or InvalidExperiment for a broken file."""
        return read_preset(name)

    def read(self, reference: str) -> tuple[Experiment, str | None]:
        """A preset's name or the path of a TOML file: the experiment, and the preset's name.

        Raises UnknownPreset when it is neither, InvalidExperiment when the file is wrong.
        """
        path = Path(reference)
        if path.suffix == ".toml" or len(path.parts) > 1:
            if not is_file(path):
                raise UnknownPreset(f"There is no experiment file {quote(reference)}.")
            return read_experiment(path), None
        return read_preset(reference).experiment, reference

    def describe(self, experiment: Experiment) -> Summary:
        """Every layer with output size, parameters and formula, and the totals.

        Raises UnknownDataset, or ModelDoesNotFit naming the field.
        """
        from core.models.summary import describe

        return describe(experiment, catalog.info(experiment.data.dataset))

    def estimate(self, experiment: Experiment) -> Estimate:
        """Seconds per epoch on this machine, from its past runs. Raises as `describe` does."""
        from core.jobs.estimates import estimate

        num_images = self.num_training_images(experiment)
        return estimate(self._lab.store, experiment, self.describe(experiment), num_images)

    def estimate_before(self, run_id: str) -> Estimate:
        """The estimate of a run's epochs as the runs that were launched before it give it.

        To hold beside what its epochs really took. Raises RunNotFound, or as `describe` does.
        """
        from core.jobs.devices import CPU, gpus, machine_fingerprint
        from core.jobs.estimates import estimate_run

        run = self._lab.store.runs.get(run_id)
        past = self._lab.store.metrics.past_speeds(machine_fingerprint())
        known = self._lab.store.runs.list(ids=[each.run_id for each in past], states=RunState)
        earlier = {each.id for each in known if each.created_at < run.created_at}
        experiment = parse(run.config)
        return estimate_run(
            [each for each in past if each.run_id in earlier],
            experiment,
            self.describe(experiment),
            self.num_training_images(experiment),
            on_gpu=run.device != CPU if run.device else bool(gpus()),
        )

    def num_training_images(self, experiment: Experiment) -> int:
        """How many images an epoch has: what is left after validation, or fewer on request."""
        data = experiment.data
        total = catalog.info(data.dataset).train_size
        left = total - round(total * data.validation_fraction)
        return left if data.train_size is None else min(left, data.train_size)

    def backbones(self) -> list[BackboneInfo]:
        """Every pretrained network, those that people ask for first in front."""
        return [backbones.info(name) for name in backbones.names()]

    def check(self, experiment: Experiment) -> list[FieldError]:
        """Everything that would stop a launch, by field; empty when nothing would."""
        return check(experiment, self._lab.settings)

    def _preset_or_none(self, name: str) -> Preset | None:
        try:
            return read_preset(name)
        except (InvalidExperiment, UnknownPreset) as error:
            _log.warning("The preset %s is left out: %s", name, error)
            return None


def is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        # A name that no file system could hold.
        return False
