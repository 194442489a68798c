"""An Experiment: everything that determines a run, and its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.spec.base import Line, Paragraphs, Spec
from core.spec.data import Data
from core.spec.model import Model
from core.spec.parser import validated
from core.spec.training import Training

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Experiment(Spec):
    """Data, model, training and seeds. It has one run per seed."""

    name: Line = Field(
        "", max_length=120, title="Name", description="The name of its runs in tables."
    )
    notes: Paragraphs = Field(
        "", max_length=10_000, title="Notes", description="Anything worth remembering."
    )
    data: Data = Field(Data(), title="Data")
    model: Model = Field(Model(), title="Model")
    training: Training = Field(Training(), title="Training")
    seeds: tuple[Seed, ...] = Field(
        (1,),
        min_length=1,
        max_length=50,
        title="Seeds",
        description="One run per seed. Several show how much of a difference is chance.",
    )

    @model_validator(mode="after")
    def _seeds_differ(self) -> Self:
        if len(set(self.seeds)) < len(self.seeds):
            raise PydanticCustomError(
                "seeds", "Two seeds are the same. Expected different ones", {"field": "seeds"}
            )
        return self

    @model_validator(mode="after")
    def _fine_tuning_needs_a_backbone(self) -> Self:
        if self.training.fine_tuning and not self.model.backbone:
            raise PydanticCustomError(
                "fine_tuning",
                "Got fine-tuning without a backbone. Expected a backbone, whose layers it "
                "unfreezes, or no fine-tuning",
                {"field": "training.fine_tuning"},
            )
        return self

    @property
    def total_epochs(self) -> int:
        """Epochs of a run, those of fine-tuning included."""
        return self.training.total_epochs

    @property
    def seed(self) -> int:
        """The first seed: a run's experiment has only one."""
        return self.seeds[0]

    def for_seed(self, seed: int) -> Experiment:
        """The same experiment with one seed: that of a single run."""
        return self.model_copy(update={"seeds": (seed,)})

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; ``parse`` reads it back."""
        return self.model_dump(mode="json")

    @property
    def digest(self) -> str:
        """sha256 of the canonical JSON without name and notes; equal for equal training."""
        content = self.model_dump(mode="json", exclude={"name", "notes"})
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def parse(raw: Mapping[str, Any]) -> Experiment:
    """Read an experiment from plain data.

    Raises InvalidExperiment with one FieldError for each wrong field.
    """
    return validated(Experiment, raw)
