"""The section ``questions`` of study.yaml: what else is asked of the law, and of the plan, but not searched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from codescale.study.base import Section, without_line_breaks
from codescale.validation import Number

OWN_QUESTION = "target"
"""What the study's own question is called where further ones stand beside it."""


class QuestionSection(Section):
    """A question: ``weights`` and ``bounds`` as under ``target``; without weights every programming language weighs the
    same.
    """

    weights: dict[str, Annotated[Number, Field(lt=1e30)]] | None = None
    bounds: dict[str, Number | tuple[Number, Number]] = {}


def _nothing_said(given: Any) -> Any:
    """A name with nothing behind it is a question without weights and bounds."""
    if not isinstance(given, Mapping):
        return given
    return {name: {} if content is None else content for name, content in given.items()}


def _not_ours(name: str) -> str:
    if name == OWN_QUESTION:
        raise ValueError(f"{name} is what the study's own question is called; give this one another name")
    return without_line_breaks(name)


QuestionName = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_not_ours)]
Questions = Annotated[dict[QuestionName, QuestionSection], Field(max_length=20), BeforeValidator(_nothing_said)]
