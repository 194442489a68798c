"""The common base of everything that describes an experiment."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Spec(BaseModel):
    """Frozen, knows no extra fields, refuses NaN and infinities.

    A field's ``title`` is its label, its ``description`` the help text beside it; bounds are
    pydantic's own. ``json_schema_extra`` may carry ``unit`` (text behind the number),
    ``step`` (of the input) and ``advanced`` (drawn behind a disclosure).
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )
