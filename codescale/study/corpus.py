"""The section ``corpus`` of study.yaml: sources, tokenizer, splits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from codescale.parallel_programs.languages import LANGUAGES
from codescale.study.base import Positive, Section, distinct
from codescale.validation import Number, WholeNumber

MOST_PROGRAMS = 1_000_000
"""Generated programs of one source: more than that are hours of generating, and mostly programs that came before."""


class PackageIndexSource(Section):
    """Pinned source distributions from the user's Python package index; ``catalogue: default`` is the built-in list."""

    kind: Literal["package_index"]
    catalogue: str = "default"


class NpmSource(Section):
    """Pinned npm tarballs, used where an ``npm`` client is present and skipped, with a word, where it is not."""

    kind: Literal["npm"]
    catalogue: str = "default"


class FolderSource(Section):
    """A folder of the user's own repositories, or one repository.

    ``layout``: whether each direct sub-folder is a repository (``repositories``) or the folder itself is one
    (``repository``); None: told by what lies in it (:mod:`codescale.corpus.sources.repository_layout`).

    ``translations: same_path``: files of a repository whose paths differ in their endings alone, such as
    ``two_sum/solution.py`` and ``two_sum/solution.java``, are translations of each other.
    """

    kind: Literal["folder"]
    path: str
    layout: Literal["repository", "repositories"] | None = None
    translations: Literal["same_path"] | None = None


class TableSource(Section):
    """A Parquet, JSON Lines, JSON or CSV file with a text column, or a folder of them: a path, an address in a store
    (``s3://bucket/code``) or of a dataset on the hub (``hf://datasets/OWNER/NAME@REVISION/FOLDER``).

    The language is one ``language``, or is named in a ``language_column``, or told by the endings in a ``path_column``.
    A column names it as the registry does or as others do (py, golang, C-Sharp); ``language_labels`` says what any
    other label means, and wins. ``path_column``: the file's path in its repository, which the rules on vendored and
    generated files look at. Rows that ``generated_column`` or ``vendored_column`` calls true are left out.
    Rows with one value in ``program_column``, in this table or another one, are translations of each other.
    ``contents``: the address of a store that has the texts, of which ``text_column`` then holds the ids and
    ``encoding_column`` the encodings, as The Stack v2 does (``s3://softwareheritage/content``).
    """

    kind: Literal["table"]
    path: str
    text_column: str = "text"
    language: str | None = None
    language_column: str | None = None
    language_labels: dict[str, str] | None = None
    repository_column: str | None = None
    path_column: str | None = None
    license_column: str | None = None
    generated_column: str | None = None
    vendored_column: str | None = None
    program_column: str | None = None
    contents: str | None = None
    encoding_column: str | None = None

    @model_validator(mode="after")
    def _one_language_source(self) -> TableSource:
        if self.language is not None and self.language_column is not None:
            raise ValueError("give either language or language_column")
        if self.language is None and self.language_column is None and self.path_column is None:
            raise ValueError("give language or language_column, or a path_column whose endings tell the language")
        if self.language_labels is not None and self.language_column is None:
            raise ValueError("language_labels says what the labels of a language_column mean; give that too")
        if self.encoding_column is not None and self.contents is None:
            raise ValueError("encoding_column is of the texts in contents; give that too")
        return self


class GeneratedProgramsSource(Section):
    """Programs that are generated, each in several languages (:mod:`codescale.parallel_programs`).

    ``count``: how many; ``seed``: another one gives other programs. ``languages``: which they are written in, None: all
    of the study's that the generator knows.
    """

    kind: Literal["generated_programs"]
    count: WholeNumber = Field(gt=0, le=MOST_PROGRAMS)
    seed: WholeNumber = Field(default=0, ge=0, lt=2**31)
    languages: tuple[str, ...] | None = None

    @field_validator("languages")
    @classmethod
    def _languages_translate(cls, value: tuple[str, ...] | None) -> tuple[str, ...] | None:
        named = LANGUAGES if value is None else value
        unknown = [language for language in named if language not in LANGUAGES]
        if unknown:
            raise ValueError(f"no program is generated in {unknown[0]!r}; known are {', '.join(LANGUAGES)}")
        if len(distinct(named)) < 2:
            raise ValueError("name two or more languages: a program in one alone translates nothing")
        return value


SourceSection = Annotated[
    PackageIndexSource | NpmSource | FolderSource | TableSource | GeneratedProgramsSource, Field(discriminator="kind")
]


class CorpusSection(Section):
    """How text becomes shards: sources, cleaning, splits and the tokenizer. Sizes in bytes of UTF-8."""

    sources: tuple[SourceSection, ...] = Field(default=(PackageIndexSource(kind="package_index"),), min_length=1)
    max_bytes_per_language: Positive = 4_000_000
    max_file_bytes: Positive = 200_000
    min_file_bytes: Positive = 100
    max_line_characters: Positive = 1_000
    near_duplicate_similarity: Number = Field(default=0.8, gt=0, le=1)
    validation_share: Number = Field(default=0.08, gt=0, lt=0.5)
    test_share: Number = Field(default=0.08, gt=0, lt=0.5)
    vocabulary: WholeNumber = Field(default=1024, ge=260, le=500_000)
