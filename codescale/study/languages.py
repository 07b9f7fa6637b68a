"""The registry of languages: what a name like ``rust`` means, read from a YAML file and not from code.

``codescale/languages.yaml`` holds the languages of the study; a study may name a file of the same shape to add SQL
or COBOL. The registry does no work: it maps names to file endings and comment syntax.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from codescale.files import read_yaml
from codescale.validation import checked


class Comments(BaseModel):
    """How a language marks comments: ``line`` opens one to the end of the line, ``block`` is (open, close)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    line: str | None = None
    block: tuple[str, str] | None = None


class Language(BaseModel):
    """An entry of the registry."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    label: str
    endings: tuple[str, ...] = Field(min_length=1)
    comments: Comments = Comments()
    kind: Literal["programming", "text"] = "programming"
    toolchain: str | None = None

    @field_validator("endings")
    @classmethod
    def _endings_have_a_dot(cls, endings: tuple[str, ...]) -> tuple[str, ...]:
        if not all(ending.startswith(".") and ending == ending.lower() for ending in endings):
            raise ValueError("an ending starts with a dot and is lower case, like .py")
        return endings


Registry = Mapping[str, Language]

_ADAPTER = TypeAdapter(dict[str, Language])


def _read(path: Path) -> dict[str, Language]:
    return checked(_ADAPTER, read_yaml(path), path, "give it the shape of codescale/languages.yaml")


def load_registry(extra: str | Path | None = None) -> Registry:
    """The built-in languages, and those of the YAML file ``extra``, which win where both define one.

    Raises :class:`UserError` for a file that is missing or has another shape.
    """
    with as_file(files("codescale") / "languages.yaml") as path:
        registry = _read(path)
    if extra is not None:
        registry.update(_read(Path(extra)))
    return registry


def label(name: str, registry: Registry) -> str:
    """What a person reads for ``name``: the registry's label, or the name itself for a domain outside it."""
    return registry[name].label if name in registry else name


def default_weights(names: Iterable[str], registry: Registry) -> dict[str, float]:
    """The default objective: equal over programming languages, 0 for natural-language text.

    A name outside the registry is a domain of an imported table and counts like a programming language. Where there is
    nothing but text, text is the objective.
    """
    chosen = list(names)
    text = text_by_default(chosen, registry)
    return {name: 0.0 if name in text else 1.0 for name in chosen}


def text_by_default(names: Iterable[str], registry: Registry) -> tuple[str, ...]:
    """Those of ``names`` that weigh nothing by default: natural-language text; none where there is nothing else."""
    chosen = list(names)
    text = tuple(name for name in chosen if name in registry and registry[name].kind == "text")
    return () if len(text) == len(chosen) else text


def weightless_line(names: Iterable[str], mend: str) -> str:
    """What a person is told of ``names`` that weigh nothing by default; ``mend``: what gives them weight."""
    listed = list(names)
    verb, pronoun = ("weighs", "it") if len(listed) == 1 else ("weigh", "them")
    return f"{', '.join(listed)} {verb} nothing by default (natural language): {mend} gives {pronoun} weight."
