"""Ranges: the possible values of a search's hyperparameter, one class per ``kind``."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, Strict, StrictBool, StrictFloat, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from core.spec.base import Line, Spec

Scalar = StrictBool | StrictInt | StrictFloat | Annotated[Line, Strict(), Field(max_length=1000)]
"""A value of a parameter, of a JSON type."""

Values = dict[str, bool | int | float | str]
"""One combination: values by parameter name. A parameter that is not in force is absent."""

MOST_VALUES = 10_000
"""Maximum number of values of a range that are listed. Ranges with more count as continuous."""

# Rounding error of counted steps: 0.3 / 0.1 is slightly below 3.
_ROUNDING = 1e-9
_DIGITS = 12
# Larger whole numbers are not exact in the floats that the algorithms use.
_LARGEST = 2**53


class Scale(StrEnum):
    """``linear``: equal differences count alike. ``log``: equal factors do."""

    LINEAR = "linear"
    LOG = "log"


class Range(Spec):
    """Base class of all kinds of ranges."""

    def listed(self) -> list[bool | int | float | str] | None:
        """Every value in order, smallest first; None if they cannot be listed."""
        raise NotImplementedError

    @property
    def num_values(self) -> int | None:
        """Number of values; None for a continuous range."""
        values = self.listed()
        return None if values is None else len(values)

    def ends(self) -> list[bool | int | float | str]:
        """The first and the last value, at which an experiment is most likely to be invalid."""
        values = self.listed() or []
        return list(dict.fromkeys([values[0], values[-1]]))

    def holds(self, value: object) -> bool:
        """Whether the value is one of the range's."""
        return any(type(each) is type(value) and each == value for each in self.listed() or ())


class Choice(Range):
    """One of a list of words or numbers."""

    kind: Literal["choice"] = "choice"
    values: tuple[Scalar, ...] = Field(
        min_length=1,
        max_length=1000,
        title="Values",
        description="Only numbers, or only words.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_sort(cls, raw: Any) -> Any:
        # 1 and 0.5 are both numbers, and the algorithms need one type.
        values = raw.get("values") if isinstance(raw, dict) else None
        if isinstance(values, list | tuple) and {type(each) for each in values} == {int, float}:
            return raw | {"values": [float(each) for each in values]}
        return raw

    @model_validator(mode="after")
    def _differ(self) -> Self:
        types = {type(each) for each in self.values}
        if types == {bool}:
            raise _wrong("values", 'For true and false, expected kind = "boolean"')
        if len(types) > 1:
            raise _wrong("values", "Expected only numbers or only words, got both")
        if len(set(self.values)) < len(self.values):
            raise _wrong("values", "A value is listed twice. Expected different ones")
        return self

    def listed(self) -> list[bool | int | float | str]:
        """The values, in their order."""
        return list(self.values)


class Integer(Range):
    """Whole numbers between two bounds, both included."""

    kind: Literal["integer"] = "integer"
    minimum: int = Field(ge=-_LARGEST, le=_LARGEST, title="Minimum", description="The smallest.")
    maximum: int = Field(ge=-_LARGEST, le=_LARGEST, title="Maximum", description="The largest.")
    step: int = Field(
        1,
        ge=1,
        title="Step",
        description="linear: the difference between two values. log: the factor between them; 1 "
        "allows every whole number.",
    )
    scale: Scale = Field(
        Scale.LINEAR,
        title="Scale",
        description="log: as many trials from 8 to 16 as from 16 to 32.",
    )

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        _check_bounds(self.minimum, self.maximum, self.scale)
        _check_reach(self)
        return self

    @property
    def num_values(self) -> int | None:
        """How many values there are, without listing millions of them."""
        if self.scale is Scale.LOG and self.step > 1:
            return _num_factors(self.minimum, self.maximum, self.step)
        return (self.maximum - self.minimum) // self.step + 1

    def listed(self) -> list[bool | int | float | str] | None:
        """The values at all steps; None for more than ``MOST_VALUES``."""
        if self.num_values is None or self.num_values > MOST_VALUES:
            return None
        if self.scale is Scale.LOG and self.step > 1:
            return [self.minimum * self.step**index for index in range(self.num_values)]
        return list(range(self.minimum, self.maximum + 1, self.step))

    def ends(self) -> list[bool | int | float | str]:
        """The smallest and the largest value."""
        values = self.listed()
        last = values[-1] if values else self.maximum
        return list(dict.fromkeys([self.minimum, last]))

    def holds(self, value: object) -> bool:
        """Whether it is one of the whole numbers at the steps."""
        if type(value) is not int or not self.minimum <= value <= self.maximum:
            return False
        values = self.listed()
        return value in values if values else (value - self.minimum) % self.step == 0


class Real(Range):
    """Numbers between two bounds, both included."""

    kind: Literal["real"] = "real"
    minimum: float = Field(title="Minimum", description="The smallest value.")
    maximum: float = Field(title="Maximum", description="The largest value.")
    step: float | None = Field(
        None,
        gt=0.0,
        title="Step",
        description="linear: the difference between two values. log: the factor between them. "
        "Empty: any number between the bounds.",
    )
    scale: Scale = Field(
        Scale.LINEAR,
        title="Scale",
        description="log: as many trials from 1e-4 to 1e-3 as from 1e-3 to 1e-2. Right for "
        "learning rates and coefficients.",
    )

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        _check_bounds(self.minimum, self.maximum, self.scale)
        if self.step is not None:
            if self.scale is Scale.LOG and self.step <= 1.0:
                raise _wrong("step", "On a log scale the step is a factor. Expected more than 1")
            # A step of 1e-300 makes more values than can be counted.
            if self._num_steps() >= MOST_VALUES:
                raise _wrong("step", f"More than {MOST_VALUES:,} values. Expected a larger step")
        _check_reach(self)
        return self

    @property
    def num_values(self) -> int | None:
        """How many values there are; None without a step."""
        return None if self.step is None else math.floor(self._num_steps() + _ROUNDING) + 1

    def listed(self) -> list[bool | int | float | str] | None:
        """The values at all steps, rounded so that 0.1 + 0.2 is 0.3."""
        if self.step is None:
            return None
        return [_clean(self._at(index)) for index in range(self.num_values or 0)]

    def ends(self) -> list[bool | int | float | str]:
        """The smallest and the largest value."""
        values = self.listed() or [self.minimum, self.maximum]
        return list(dict.fromkeys([values[0], values[-1]]))

    def holds(self, value: object) -> bool:
        """Whether it is between the bounds and, with a step, at one of the steps."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        values = self.listed()
        return float(value) in values if values else self.minimum <= value <= self.maximum

    def _num_steps(self) -> float:
        """Steps from the minimum to the maximum, with a fraction; may be infinite."""
        step = self.step or math.inf
        if self.scale is Scale.LOG:
            return (math.log(self.maximum) - math.log(self.minimum)) / math.log(step)
        return (self.maximum - self.minimum) / step

    def _at(self, index: int) -> float:
        step = self.step or 0.0
        return (
            self.minimum * step**index if self.scale is Scale.LOG else self.minimum + index * step
        )


class Boolean(Range):
    """On or off."""

    kind: Literal["boolean"] = "boolean"

    def listed(self) -> list[bool | int | float | str]:
        """Off first."""
        return [False, True]


class Variants(Range):
    """Named alternatives, each of which sets several fields, for example lists of layers."""

    kind: Literal["variants"] = "variants"
    variants: dict[Line, dict[Line, Any]] = Field(
        min_length=1,
        max_length=100,
        title="Variants",
        description="Each has a name and the fields that it sets.",
    )

    @model_validator(mode="after")
    def _set_something(self) -> Self:
        for label, fields in self.variants.items():
            if not label.strip() or len(label) > 80:
                raise _wrong("variants", "Expected a name of 1 to 80 letters for every variant")
            if any(not path.strip() for path in fields):
                raise _wrong(f"variants.{label}", "Expected the path of a field")
        return self

    def listed(self) -> list[bool | int | float | str]:
        """The names, in their order."""
        return list(self.variants)


AnyRange = Annotated[
    Choice | Integer | Real | Boolean | Variants,
    Field(discriminator="kind"),
]
"""Any kind of range."""


def _check_reach(span: Integer | Real) -> None:
    if span.minimum < span.maximum and span.num_values == 1:
        raise _wrong(
            "step",
            "The first step is beyond the maximum, so only the minimum would be tried. "
            "Expected a smaller step",
        )


def _check_bounds(minimum: float, maximum: float, scale: Scale) -> None:
    if minimum > maximum:
        raise _wrong("minimum", f"{minimum:g} is above the maximum, {maximum:g}. Expected it below")
    if scale is Scale.LOG and minimum <= 0:
        raise _wrong(
            "minimum", f"A log scale has no {minimum:g}. Expected more than 0, or the linear scale"
        )


def _num_factors(minimum: float, maximum: float, step: float) -> int:
    return math.floor(math.log(maximum / minimum) / math.log(step) + _ROUNDING) + 1


def _clean(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _wrong(field: str, message: str) -> PydanticCustomError:
    # Braces in the message would be placeholders.
    safe = message.replace("{", "(").replace("}", ")")
    return PydanticCustomError("range", safe, {"field": field})
