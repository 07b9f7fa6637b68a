"""The section ``corpus`` of study.yaml: sources, tokenizer, splits."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from codescale.study.base import Positive, Section
from codescale.validation import Number, WholeNumber


class PackageIndexSource(Section):
    """Pinned source distributions from the user's Python package index; ``catalogue: default`` is the built-in list."""

    kind: Literal["package_index"]
    catalogue: str = "default"


class NpmSource(Section):
    """Pinned npm tarballs, used where an ``npm`` client is present and skipped, with a word, where it is not."""

    kind: Literal["npm"]
    catalogue: str = "default"


class FolderSource(Section):
    """A folder of the user's own repositories: each direct sub-folder is one repository.

    ``translations: same_path``: files of a repository whose paths differ in their endings alone, such as
    ``two_sum/solution.py`` and ``two_sum/solution.java``, are translations of each other.
    """

    kind: Literal["folder"]
    path: str
    translations: Literal["same_path"] | None = None


class TableSource(Section):
    """A Parquet or JSON Lines file with a text column, of one ``language`` or with a ``language_column``.

    Rows with one value in ``program_column``, in this table or another one, are translations of each other.
    """

    kind: Literal["table"]
    path: str
    text_column: str = "text"
    language: str | None = None
    language_column: str | None = None
    repository_column: str | None = None
    program_column: str | None = None

    @model_validator(mode="after")
    def _one_language_source(self) -> TableSource:
        if (self.language is None) == (self.language_column is None):
            raise ValueError("give either language or language_column")
        return self


SourceSection = Annotated[PackageIndexSource | NpmSource | FolderSource | TableSource, Field(discriminator="kind")]


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
