"""The words that programs are made of (``vocabulary.yaml``)."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from pydantic import BaseModel, ConfigDict, TypeAdapter

from codescale.files import read_yaml
from codescale.validation import checked


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Theme(_Entry):
    """What a record is called, and its fields."""

    one: str
    many: str
    text: str
    numbers: tuple[str, ...]


class ClassWords(_Entry):
    """What a class, its field and its methods are called."""

    name: str
    field: str
    verbs: tuple[str, str]
    reading: str


class Vocabulary(_Entry):
    """The whole file."""

    themes: tuple[Theme, ...]
    verbs: dict[str, tuple[str, ...]]
    objects: tuple[str, ...]
    locals: dict[str, tuple[str, ...]]
    classes: tuple[ClassWords, ...]
    words: tuple[str, ...]


@cache
def vocabulary() -> Vocabulary:
    """The words, read once."""
    with as_file(files("codescale.parallel_programs.generation") / "vocabulary.yaml") as path:
        return checked(TypeAdapter(Vocabulary), read_yaml(path), path, "give it the shape that its comments tell")
