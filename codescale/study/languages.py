"""The registry of languages: what a name like ``rust`` means, read from a YAML file and not from code.

``codescale/languages.yaml`` holds the languages of the study; a study may name a file of the same shape to add SQL
or COBOL. The registry does no work: it maps names, and what others call a language, to file endings and comment syntax.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator

from codescale.directions import is_direction, without_directions
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
    names: tuple[str, ...] = ()
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
    """The built-in languages, and those of the YAML file ``extra``, which win where both define one; one that says no
    ``names`` keeps those that it has.

    Raises :class:`UserError` for a file that is missing or has another shape.
    """
    with as_file(files("codescale") / "languages.yaml") as path:
        registry = _read(path)
    if extra is not None:
        for name, given in _read(Path(extra)).items():
            inherits = name in registry and "names" not in given.model_fields_set
            registry[name] = given.model_copy(update={"names": registry[name].names}) if inherits else given
    return registry


def _normalised(name: str) -> str:
    """``name`` without case and separators: C-Sharp, c_sharp and ``c sharp`` are one. ``#`` tells C# from C."""
    return re.sub(r"[\s._-]+", "", name.casefold())


class LanguageNames:
    """Finds the language that a name in somebody's table means: ``py``, ``golang``, ``C-Sharp``, ``TypeScript``.

    A registry's own names go before labels, labels before its other names, and these before endings without their dot.
    What two languages have in common at one of these ranks means neither. ``labels`` say what labels of one table mean,
    and go before all.
    """

    def __init__(self, registry: Registry, labels: Mapping[str, str] | None = None) -> None:
        ranks = (
            [(ending, name) for name, one in registry.items() for ending in one.endings],
            [(other, name) for name, one in registry.items() for other in one.names],
            [(one.label, name) for name, one in registry.items()],
            [(name, name) for name in registry],
            list((labels or {}).items()),
        )
        self._languages: dict[str, str | None] = {}
        for rank in ranks:
            found = {(_normalised(name), language) for name, language in rank}
            counts = Counter(name for name, _ in found)
            self._languages |= {name: language if counts[name] == 1 else None for name, language in found}
        self._exact = {name.casefold(): name for name in registry}
        self._labels = dict(labels or {})

    def find(self, name: str) -> str | None:
        """The registry's name of the language that ``name`` means, None where it means none."""
        found = self._labels.get(name) or self._languages.get(_normalised(name))
        return found or self._exact.get(name.casefold())


def label(name: str, registry: Registry) -> str:
    """What a person reads for ``name``: the registry's label, or the name itself for a domain outside it."""
    return registry[name].label if name in registry else name


def default_weights(names: Iterable[str], registry: Registry) -> dict[str, float]:
    """The default objective: equal over programming languages, 0 for natural-language text and for directions of
    translation.

    A name outside the registry is a domain of an imported table and counts like a programming language. Where there is
    nothing but text, text is the objective; where there are nothing but directions, they are.
    """
    chosen = list(names)
    nothing = {*text_by_default(chosen, registry), *directions_by_default(chosen)}
    return {name: 0.0 if name in nothing else 1.0 for name in chosen}


def directions_by_default(names: Iterable[str]) -> tuple[str, ...]:
    """Those of ``names`` that weigh nothing by default, being directions of translation; none where there is nothing
    else.
    """
    chosen = list(names)
    found = tuple(name for name in chosen if is_direction(name))
    return () if len(found) == len(chosen) else found


def text_by_default(names: Iterable[str], registry: Registry) -> tuple[str, ...]:
    """Those of ``names`` that weigh nothing by default: natural-language text; none where there is nothing else."""
    chosen = without_directions(names)
    text = tuple(name for name in chosen if name in registry and registry[name].kind == "text")
    return () if len(text) == len(chosen) else text


def weightless_line(names: Iterable[str], mend: str) -> str:
    """What a person is told of ``names`` that weigh nothing by default; ``mend``: what gives them weight."""
    listed = list(names)
    verb, pronoun = ("weighs", "it") if len(listed) == 1 else ("weigh", "them")
    return f"{', '.join(listed)} {verb} nothing by default (natural language): {mend} gives {pronoun} weight."
