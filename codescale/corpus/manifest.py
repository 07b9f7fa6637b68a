"""The corpus manifest, ``manifest.json``: what is there of each language and source, and what was dropped and why.

Counts are by split (training, validation, test). It is written last: where it exists the corpus is whole.
"""

from __future__ import annotations

from codescale.artifact import Artifact


class ShardFile(Artifact):
    """A shard's file in the corpus folder, with its SHA-256 and length in bytes."""

    file: str
    sha256: str
    bytes: int


class TokenizerFile(Artifact):
    """The tokenizer's file in the corpus folder, with its SHA-256."""

    file: str
    sha256: str


class SplitCounts(Artifact):
    """Documents, bytes of UTF-8 and tokens by split, end-of-document tokens included."""

    documents: dict[str, int] = {}
    bytes: dict[str, int] = {}
    tokens: dict[str, int] = {}
    bytes_per_token: dict[str, float] = {}


class RetentionEntry(SplitCounts):
    """A text that stands for what the model knew which runs start from; it has one split."""

    shards: dict[str, ShardFile] = {}


class CorpusLanguage(SplitCounts):
    """One language of the corpus: ``dropped`` documents by reason, ``units`` (packages or folders) that were kept
    together, and ``programs`` with translations where there are any.
    """

    licences: dict[str, int] = {}
    dropped: dict[str, int] = {}
    split_by: str = ""
    units: dict[str, tuple[str, ...]] = {}
    programs: dict[str, int] = {}
    shards: dict[str, ShardFile] = {}


class CorpusSource(Artifact):
    """A source that the corpus was made from; ``sha256`` is of the archive, where there is one. ``left_out``: rows and
    files that belong to no language of the study, by reason and by what they are called, the most frequent ones.
    """

    name: str
    version: str | None = None
    sha256: str | None = None
    licence: str | None = None
    left_out: dict[str, dict[str, int]] = {}


class SourcesLeftOut(Artifact):
    """``corpus/documents/left_out.json``: for each source what :class:`CorpusSource` says, kept beside the documents so
    that a build that goes on from these knows it too. ``fingerprint`` is of the configuration.
    """

    fingerprint: str
    sources: tuple[dict[str, dict[str, int]], ...]


class Manifest(Artifact):
    """``corpus/manifest.json``; ``fingerprint`` is of the configuration, and ``seconds`` is what building took."""

    corpus_id: str = ""
    fingerprint: str = ""
    vocabulary: int | None = None
    tokenizer: TokenizerFile | None = None
    languages: dict[str, CorpusLanguage]
    kept: dict[str, RetentionEntry] = {}
    sources: tuple[CorpusSource, ...] = ()
    seconds: float | None = None
