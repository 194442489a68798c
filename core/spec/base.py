"""The base class of everything that describes an experiment."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from core.text import TextRule, text_problem

_ANY_LENGTH = 10**9  # pydantic's own bounds say how long


class Spec(BaseModel):
    """Base class: frozen, without extra fields, NaN or infinities.

    A field's ``title`` is its label, its ``description`` the help text beside it; bounds are
    pydantic's own. ``json_schema_extra`` may carry ``unit`` (text behind the number),
    ``step`` (of the input) and ``advanced`` (shown in a folded section).
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


def _line(text: str) -> str:
    return _clean(text, TextRule(_ANY_LENGTH))


def _lines(text: str) -> str:
    return _clean(text, TextRule(_ANY_LENGTH, several_lines=True))


def _clean(text: str, rule: TextRule) -> str:
    sentence = text_problem(text, rule)
    if sentence is not None:
        # As a parameter, because braces in the message would be placeholders.
        raise PydanticCustomError("text", "{sentence}", {"sentence": sentence.removesuffix(".")})
    return text


Line = Annotated[str, AfterValidator(_line)]
"""Text on one line, without control characters: any field that comes from outside."""

Paragraphs = Annotated[str, AfterValidator(_lines)]
"""The same on several lines, for notes."""
