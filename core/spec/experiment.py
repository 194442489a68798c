"""An Experiment: everything that decides what a run does, and its digest."""

from __future__ import annotations

import hashlib
import json
import reprlib
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from core.errors import FieldError, InvalidExperiment
from core.spec.base import Spec
from core.spec.data import Data
from core.spec.model import Model
from core.spec.training import Training

Seed = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Experiment(Spec):
    """Model, data, training and seeds. One run per seed comes of it."""

    name: str = Field(
        "", max_length=120, title="Name", description="What the runs are called in tables."
    )
    notes: str = Field(
        "", max_length=10_000, title="Notes", description="Anything worth remembering."
    )
    data: Data = Field(Data(), title="Data")
    model: Model = Field(Model(), title="Network")
    training: Training = Field(Training(), title="Training")
    seeds: tuple[Seed, ...] = Field(
        (1,),
        min_length=1,
        max_length=50,
        title="Seeds",
        description="One run for each. Several show how much of a difference is luck.",
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
                "unfreezes, or none of it",
                {"field": "training.fine_tuning"},
            )
        return self

    @property
    def total_epochs(self) -> int:
        """Epochs of a run, numbered through, those of fine-tuning included."""
        return self.training.total_epochs

    @property
    def seed(self) -> int:
        """The first seed: the only one in the experiment of a run."""
        return self.seeds[0]

    def for_seed(self, seed: int) -> Experiment:
        """The same experiment with one seed: what a single run does."""
        return self.model_copy(update={"seeds": (seed,)})

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; ``parse`` reads it back."""
        return self.model_dump(mode="json")

    @property
    def digest(self) -> str:
        """sha256 of the canonical JSON, name and notes left out: equal digests, equal work."""
        content = self.model_dump(mode="json", exclude={"name", "notes"})
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def parse(raw: Mapping[str, Any]) -> Experiment:
    """Read an experiment from plain data.

    Raises InvalidExperiment with one FieldError for each wrong field.
    """
    try:
        return Experiment.model_validate(raw)
    except ValidationError as error:
        raise InvalidExperiment(field_errors(raw, error.errors())) from error


_WORDS = {
    "too_short": "Expected at least {min_length}",
    "too_long": "Expected at most {max_length}",
    "string_too_short": "Expected at least {min_length} characters",
    "string_too_long": "Expected at most {max_length} characters",
    "int_parsing": "Expected a whole number",
    "int_type": "Expected a whole number",
    "int_from_float": "Expected a whole number",
    "float_parsing": "Expected a number",
    "float_type": "Expected a number",
    "finite_number": "Expected a finite number",
    "string_type": "Expected text",
    "bool_type": "Expected true or false",
    "bool_parsing": "Expected true or false",
    "literal_error": "Expected {expected}",
    "enum": "Expected {expected}",
    "list_type": "Expected a list",
    "tuple_type": "Expected a list",
    "dict_type": "Expected a table of fields",
    "model_type": "Expected a table of fields",
    "model_attributes_type": "Expected a table of fields",
}
"""Kinds of errors whose own message speaks of types that only Python has."""


def field_errors(raw: Mapping[str, Any], details: list[ErrorDetails]) -> list[FieldError]:
    """What pydantic found wrong with plain data, as fields and sentences of ours."""
    # A list whose item is wrong is also reported as too short: that is no news of its own.
    places = [tuple(detail["loc"]) for detail in details]
    return [
        _field_error(raw, detail)
        for detail, place in zip(details, places, strict=True)
        if detail["type"] != "too_short"
        or not any(len(other) > len(place) and other[: len(place)] == place for other in places)
    ]


def _field_error(raw: Mapping[str, Any], detail: ErrorDetails) -> FieldError:
    path = _path_without_tags(raw, detail["loc"])
    # A rule over several fields names the one that a person would change.
    named = detail.get("ctx", {}).get("field")
    if named:
        return FieldError(".".join([*path, named]), detail["msg"] + ".")
    if detail["type"] == "union_tag_invalid":
        expected = detail["ctx"]["expected_tags"].replace("'", "")
        return FieldError(
            ".".join([*path, "kind"]), f"Expected one of {expected}. Got {detail['ctx']['tag']!r}."
        )
    if detail["type"] == "union_tag_not_found":
        return FieldError(".".join([*path, "kind"]), "This field is required.")
    if detail["type"] == "extra_forbidden":
        return FieldError(".".join(path), "There is no such field.")
    if detail["type"] == "missing":
        return FieldError(".".join(path), "This field is required.")
    words = _WORDS.get(detail["type"])
    told = detail["msg"] if words is None else words.format_map(detail.get("ctx", {}))
    if detail["input"] is None:
        return FieldError(".".join(path), f"{told}. It is empty.")
    return FieldError(".".join(path), f"{told}. Got {_shown(detail['input'])}.")


def _path_without_tags(raw: Any, location: tuple[int | str, ...]) -> list[str]:
    """Drop the union tags (``normal``, ``adam``) that pydantic puts into an error's path."""
    path: list[str] = []
    node, is_new = raw, True
    for part in location:
        # The tag comes first; a field that is called like it comes after.
        if is_new and isinstance(node, Mapping) and node.get("kind") == part:
            is_new = False
            continue
        path.append(str(part))
        node, is_new = _child(node, part), True
    return path


def _child(node: Any, part: int | str) -> Any:
    if isinstance(node, Mapping):
        return node.get(part)
    if isinstance(node, list | tuple) and isinstance(part, int) and part < len(node):
        return node[part]
    return None


def _shown(value: Any) -> str:
    # reprlib stops after a few levels and items: what comes from outside may be of any size.
    text = reprlib.repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
