"""A Search: an experiment, the ranges of its hyperparameters, the algorithm and the budget."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.spec.base import Line, Paragraphs, Spec
from core.spec.experiment import Experiment, Seed
from core.spec.search.ranges import AnyRange, Integer, Real, Scalar
from core.spec.training import EarlyStopping, Monitor


class Condition(Spec):
    """A condition: the hyperparameter varies only while another one has one of these values."""

    parameter: Line = Field(
        max_length=64, title="Hyperparameter", description="The name of a hyperparameter above."
    )
    values: tuple[Scalar, ...] = Field(
        min_length=1, max_length=100, title="Values", description="Of that hyperparameter."
    )


class Parameter(Spec):
    """A hyperparameter: its name, the fields that it sets, and its values."""

    name: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z_][A-Za-z0-9_ .-]*$",
        title="Name",
        description="Its name in tables and charts.",
    )
    paths: tuple[Annotated[Line, Field(min_length=1, max_length=200)], ...] = Field(
        (),
        max_length=32,
        title="Fields",
        description="Dotted fields of the experiment, which all get the value; * is every index of "
        "a list. None: a switch in the conditions of other hyperparameters.",
    )
    range: AnyRange = Field(title="Range", description="Its possible values.")
    only_when: Condition | None = Field(
        None,
        title="Conditional on",
        description="Empty: always. Otherwise it varies only while another hyperparameter has one "
        "of these values; else the experiment's value is used.",
    )

    @property
    def every_path(self) -> tuple[str, ...]:
        """All fields that it may set, those of its variants included."""
        if self.range.kind != "variants":
            return self.paths
        own = (path for fields in self.range.variants.values() for path in fields)
        return tuple(dict.fromkeys(own))

    @model_validator(mode="after")
    def _each_field_once(self) -> Self:
        variants = self.range.kind == "variants"
        if variants and self.paths:
            raise _wrong("paths", "Variants have fields of their own. Expected none here")
        if len(set(self.paths)) < len(self.paths):
            raise _wrong("paths", "A field is listed twice. Expected different ones")
        return self


class RandomSearch(Spec):
    """Independent random values: hard to beat if trials are cheap and run in parallel."""

    kind: Literal["random"] = "random"


class GridSearch(Spec):
    """Every combination in turn, the last parameter quickest."""

    kind: Literal["grid"] = "grid"


class BayesianOptimization(Spec):
    """A Gaussian process proposes the values with the best expected score."""

    kind: Literal["bayesian"] = "bayesian"
    num_initial_points: int | None = Field(
        None,
        ge=1,
        le=1000,
        title="Random trials first",
        description="Trials with random values at the start. Empty: three per hyperparameter.",
    )
    beta: float = Field(
        2.6,
        ge=0.0,
        le=100.0,
        title="Exploration",
        description="How much uncertain values are preferred. Higher: more exploration.",
        json_schema_extra={"advanced": True},
    )


class Hyperband(Spec):
    """Many trials for a few epochs; the best of each round are trained further."""

    kind: Literal["hyperband"] = "hyperband"
    max_epochs: int = Field(
        9, ge=2, le=1000, title="Maximum epochs", description="Epochs of the best trials."
    )
    factor: int = Field(
        3, ge=2, le=10, title="Factor", description="One in so many trials reaches the next round."
    )
    iterations: int = Field(
        1,
        ge=1,
        le=100,
        title="Iterations",
        description="How often the whole algorithm is repeated.",
    )


Algorithm = Annotated[
    RandomSearch | GridSearch | BayesianOptimization | Hyperband,
    Field(discriminator="kind"),
]
"""How the values of the next trial are chosen."""


class Which(StrEnum):
    """Which epoch of a run counts."""

    BEST = "best"
    LAST = "last"


class Direction(StrEnum):
    """Whether a larger or a smaller objective is better."""

    MAX = "max"
    MIN = "min"


class Objective(Spec):
    """The metric that a search optimises, always on validation images."""

    metric: Monitor = Field(
        Monitor.VAL_ACCURACY, title="Metric", description="On the validation images."
    )
    which: Which = Field(
        Which.BEST, title="Epoch", description="best: of all epochs. last: the final one."
    )
    direction: Direction = Field(
        Direction.MAX,
        title="Direction",
        description="max for accuracy, min for loss: it follows from the metric.",
        json_schema_extra={"advanced": True},
    )

    @model_validator(mode="before")
    @classmethod
    def _direction_follows(cls, raw: Any) -> Any:
        if not isinstance(raw, dict) or raw.get("direction") is not None:
            return raw
        loss = raw.get("metric") in (Monitor.VAL_LOSS, Monitor.VAL_LOSS.value)
        return raw | {"direction": Direction.MIN if loss else Direction.MAX}

    def better(self, score: float, than: float) -> bool:
        """Whether a score is better than another."""
        return score > than if self.direction is Direction.MAX else score < than


class Budget(Spec):
    """The limits of a search. They can be changed while it runs."""

    max_trials: int = Field(
        20,
        ge=1,
        le=10_000,
        title="Trials",
        description="Maximum number. The search may end earlier.",
    )
    epochs: int | None = Field(
        None,
        ge=1,
        le=1000,
        title="Epochs per trial",
        description="Empty: as many as the experiment has.",
    )
    hours: float | None = Field(
        None,
        gt=0.0,
        le=8760.0,
        title="Time",
        description="No trial starts after this time; pauses and a suspended computer do not "
        "count. Empty: no limit.",
        json_schema_extra={"unit": "hours"},
    )
    parallel: int = Field(
        1, ge=1, le=64, title="Parallel trials", description="As far as there are free slots."
    )


class Pruning(StrEnum):
    """How early poor trials are stopped: ``core.search.pruning`` has the rule."""

    NONE = "none"
    GENTLE = "gentle"
    STANDARD = "standard"
    AGGRESSIVE = "aggressive"


class Search(Spec):
    """An experiment, its hyperparameters, and how their best values are searched for."""

    name: Line = Field("", max_length=120, title="Name", description="No two searches share one.")
    notes: Paragraphs = Field(
        "", max_length=10_000, title="Notes", description="Anything worth remembering."
    )
    base: Experiment = Field(Experiment(), title="Experiment")
    parameters: tuple[Parameter, ...] = Field(
        min_length=1, max_length=32, title="Parameters", description="The hyperparameters."
    )
    algorithm: Algorithm = Field(
        RandomSearch(), title="Algorithm", description="How the next values are chosen."
    )
    objective: Objective = Field(Objective(), title="Objective")
    seeds: tuple[Seed, ...] = Field(
        (1,),
        min_length=1,
        max_length=20,
        title="Seeds per trial",
        description="One run per seed; the mean is the score. Several reduce chance.",
    )
    seed: int = Field(
        1,
        ge=1,
        le=2**31 - 1,
        title="Seed of the search",
        description="The same seed and the same scores give the same trials.",
        json_schema_extra={"advanced": True},
    )
    budget: Budget = Field(Budget(), title="Budget")
    pruning: Pruning = Field(
        Pruning.NONE,
        title="Pruning",
        description="Stop a trial early if its score is below the median of the others.",
    )
    early_stopping: EarlyStopping | None = Field(
        None,
        title="Early stopping",
        description="For every trial, instead of the experiment's.",
    )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; ``parse_search`` reads it back."""
        return self.model_dump(mode="json")

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name. Raises KeyError."""
        return next(each for each in self.parameters if each.name == name)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for field, message in _inconsistencies(self):
            raise _wrong(field, message)
        return self


def _inconsistencies(search: Search) -> Iterator[tuple[str, str]]:
    if len(set(search.seeds)) < len(search.seeds):
        yield "seeds", "Two seeds are the same. Expected different ones"
    names = [each.name for each in search.parameters]
    for index, name in enumerate(names):
        if name in names[:index]:
            yield (
                f"parameters.{index}.name",
                f"There is a parameter {name} already. Expected another name",
            )
    for index, parameter in enumerate(search.parameters):
        yield from _of_condition(search, index, parameter)
        yield from _of_paths(search, index, parameter)
    if search.algorithm.kind == "hyperband" and search.pruning is not Pruning.NONE:
        yield "pruning", "Hyperband prunes trials itself. Expected none"
    if search.algorithm.kind == "grid":
        for index, parameter in enumerate(search.parameters):
            if parameter.range.listed() is None:
                field = f"parameters.{index}.range.step"
                yield field, "Grid search needs a list of values. Expected a step"


def _of_condition(search: Search, index: int, parameter: Parameter) -> Iterator[tuple[str, str]]:
    condition, field = parameter.only_when, f"parameters.{index}.only_when"
    if condition is None:
        return
    parent = next((p for p in search.parameters[:index] if p.name == condition.parameter), None)
    if parent is None:
        yield f"{field}.parameter", f"There is no parameter {condition.parameter} above"
    elif isinstance(parent.range, Integer | Real):
        yield f"{field}.parameter", "Expected a choice, a boolean or variants"
    elif not all(parent.range.holds(value) for value in condition.values):
        known = ", ".join(str(value) for value in parent.range.listed() or ())
        yield f"{field}.values", f"Expected values of {parent.name}: {known}"


def _of_paths(search: Search, index: int, parameter: Parameter) -> Iterator[tuple[str, str]]:
    variants = parameter.range.kind == "variants"
    field = f"parameters.{index}." + ("range.variants" if variants else "paths")
    if not parameter.paths and not variants and not _is_in_a_condition(search, parameter):
        yield field, "It sets no field, and no condition uses it. Expected a field"
    epochs_given = search.budget.epochs is not None or search.algorithm.kind == "hyperband"
    for path in parameter.every_path:
        if path == "training.epochs" and epochs_given:
            yield field, "The search itself sets the epochs. Expected another field"
        if path.split(".")[0] in ("name", "notes", "seeds"):
            yield field, f"{path} cannot vary. Expected a field of data, model or training"
        for other in search.parameters[:index]:
            if path in _set_together_by(parameter, other) and not _exclude_each_other(
                parameter, other
            ):
                yield field, f"{other.name} sets {path} as well. Expected one parameter for it"


def _is_in_a_condition(search: Search, parameter: Parameter) -> bool:
    conditions = (each.only_when for each in search.parameters)
    return any(each is not None and each.parameter == parameter.name for each in conditions)


def _set_together_by(parameter: Parameter, other: Parameter) -> tuple[str, ...]:
    """The fields that ``other`` can set while ``parameter`` is in force."""
    condition = parameter.only_when
    if condition is None or condition.parameter != other.name or other.range.kind != "variants":
        return other.every_path
    labels = [str(label) for label in condition.values if label in other.range.variants]
    return tuple(path for label in labels for path in other.range.variants[label])


def _exclude_each_other(one: Parameter, other: Parameter) -> bool:
    first, second = one.only_when, other.only_when
    if first is None or second is None or first.parameter != second.parameter:
        return False
    return not set(first.values) & set(second.values)


def _wrong(field: str, message: str) -> PydanticCustomError:
    # Braces in the message would be placeholders.
    safe = message.replace("{", "(").replace("}", ")")
    return PydanticCustomError("search", safe, {"field": field})
