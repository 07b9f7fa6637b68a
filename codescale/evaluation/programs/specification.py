"""``spec.yaml`` of a held-out program: its name, types, what it is to do, and the cases that tell."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

from codescale.evaluation.programs.types import Type, parse_type
from codescale.files import read_yaml
from codescale.validation import checked

LEAST_CASES = 5


class Case(BaseModel):
    """Arguments, by position, and either what is ``expected`` or that the program ``fails``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    given: tuple[Any, ...]
    expected: Any = None
    fails: bool = False


class Specification(BaseModel):
    """What a program is to do. Types are in the notation of ``types.py``; ``fails`` says in words when it fails."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
    subject: str
    description: str
    parameters: Mapping[str, str]
    returns: str
    fails: str | None = None
    cases: tuple[Case, ...] = Field(min_length=LEAST_CASES)

    @field_validator("description")
    @classmethod
    def _is_plain(cls, description: str) -> str:
        if any(mark in description for mark in ('"""', "*/", "\\", "<", ">", "&")):
            raise ValueError('it stands in comments of all languages: leave out """, */, \\, <, > and &')
        return description.strip()

    @model_validator(mode="after")
    def _cases_are_of_the_types(self) -> Self:
        types, result = list(self.parameter_types.values()), self.result_type
        for number, case in enumerate(self.cases, start=1):
            if len(case.given) != len(types):
                raise ValueError(f"case {number} gives {len(case.given)} arguments, {len(types)} are taken")
            for name, wanted, value in zip(self.parameters, types, case.given, strict=True):
                if not wanted.holds(value):
                    raise ValueError(f"case {number}: {name} is no {wanted}")
            if case.fails and self.fails is None:
                raise ValueError(f"case {number} fails, but `fails` does not say when a program does")
            if not case.fails and not result.holds(case.expected):
                raise ValueError(f"case {number}: what is expected is no {result}")
        return self

    @property
    def parameter_types(self) -> dict[str, Type]:
        """Types by parameter, in order."""
        return {name: parse_type(text) for name, text in self.parameters.items()}

    @property
    def result_type(self) -> Type:
        """What the program returns."""
        return parse_type(self.returns, result=True)


_ADAPTER = TypeAdapter(Specification)


def read_specification(path: Path) -> Specification:
    """The specification in ``path``. Raises :class:`UserError` that names the field or the case that is wrong."""
    return checked(_ADAPTER, read_yaml(path), path, "see held_out_programs/README.md")
