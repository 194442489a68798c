"""A model that a person's own Python code builds, in place of stages or a backbone."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, Strict, StrictBool, StrictFloat, StrictInt

from core.spec.base import Line, Spec

_MOST_WORD = 1000
"""Maximum length of a hyperparameter's value, if it is text."""


class OwnModel(Spec):
    """A Keras Tuner HyperModel, or a function of hyperparameters, and its values.

    Code runs only where a Python call has trusted it (`client.hypermodels.trust`, or
    `client.hypermodels.search`): a file or a page that names other code is refused before
    anything is imported.
    """

    reference: str = Field(
        max_length=300,
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_][\w.]*$",
        title="Code",
        description="module:attribute of a HyperModel class, an instance, or a function of hp.",
    )
    folder: Line = Field(
        max_length=4096,
        title="Folder",
        description="Where the module is imported from, on the machine that trains.",
    )
    values: dict[
        Annotated[Line, Field(max_length=300)],
        StrictBool
        | StrictInt
        | StrictFloat
        | Annotated[Line, Strict(), Field(max_length=_MOST_WORD)],
    ] = Field(
        {}, title="Values", description="Hyperparameters by name; others take their defaults."
    )
