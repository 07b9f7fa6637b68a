"""The corpus manifest, ``manifest.json``: what was kept of each language and source, and what was dropped and why."""

from __future__ import annotations

from codescale.artifact import Artifact


class CorpusLanguage(Artifact):
    """One language of the corpus; counts per split (training, validation, test), ``dropped`` per reason."""

    documents: dict[str, int] = {}
    bytes: dict[str, int] = {}
    tokens: dict[str, int] = {}
    bytes_per_token: dict[str, float | None] = {}
    licences: dict[str, int] = {}
    dropped: dict[str, int] = {}
    split_by: str = ""


class CorpusSource(Artifact):
    """A source that the corpus was made from."""

    name: str
    version: str | None = None
    sha256: str | None = None
    licence: str | None = None


class Manifest(Artifact):
    """``corpus/manifest.json``."""

    corpus_id: str = ""
    vocabulary: int | None = None
    languages: dict[str, CorpusLanguage]
    sources: tuple[CorpusSource, ...] = ()
