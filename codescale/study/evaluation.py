"""The section ``evaluation`` of study.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from codescale.study.base import Name, Positive, Section, distinct
from codescale.validation import Number

Directions = Literal["all", "seen", "none"]
"""Of translations: all pairs of languages, those with the pivot of pairing, or none."""


class EvaluationSection(Section):
    """How models are evaluated, and what difference between two of them matters.

    ``margin`` is a share of programs, ``margin_bits`` bits per byte: a model is improved or harmed where it is certain
    to differ by more. Where the section stands the comparison keeps its models.
    """

    samples: Annotated[Positive, Field(le=1_000)] = 5
    k: Annotated[tuple[Positive, ...], Field(min_length=1, max_length=10), AfterValidator(distinct)] = (1,)
    temperature: Annotated[Number, Field(ge=0, le=10)] = 0.2
    top_p: Annotated[Number, Field(gt=0, le=1)] = 0.95
    new_tokens: Annotated[Positive, Field(le=100_000)] = 256
    programs: Positive | None = None
    languages: tuple[Name, ...] | None = None
    directions: Directions = "all"
    mutants: Annotated[Positive, Field(le=100)] = 3
    problems: tuple[str, ...] = ()
    margin: Annotated[Number, Field(ge=0, lt=1)] = 0.01
    margin_bits: Annotated[Number, Field(ge=0)] = 0.01
    cpu_seconds: Annotated[Positive, Field(le=3_600)] = 5
    workers: Annotated[Positive, Field(le=1_000)] = 2

    @model_validator(mode="after")
    def _samples_are_enough(self) -> EvaluationSection:
        if max(self.k) > self.samples:
            raise ValueError(f"k: {max(self.k):,} of {self.samples:,} samples; write more samples, or a smaller k")
        if self.temperature == 0 and self.samples > 1:
            raise ValueError("samples: at temperature 0 all are the same; write 1, or a temperature")
        return self
