"""Opens a corpus: token shards mapped into memory, checked against the manifest.

Every worker of a sweep loads this file, so all that it loads of other libraries is NumPy, pyarrow
and pydantic. A shard is an
Arrow IPC file with one record batch and a column ``tokens``: a list of token ids for each document. Arrow lays all
lists of a column out behind each other, so the column's values are the concatenated documents and its offsets their
borders, without a copy. Where documents have translations a second column, ``program``, says which belong together.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from codescale.corpus.manifest import CorpusLanguage, Manifest, RetentionEntry
from codescale.errors import UserError
from codescale.files import file_sha256, read_json

SPLITS = ("training", "validation", "test")
RETENTION_SPLIT = "validation"
"""The one split of a text that is measured for forgetting: nothing is chosen by it, and nothing trains on it."""

MANIFEST = "manifest.json"
_AGAIN = "delete the corpus folder or run codescale corpus again"

Tokens = NDArray[np.uint16] | NDArray[np.uint32]


@dataclass(frozen=True)
class Documents:
    """The documents of a split: ``tokens`` (n_tokens,) uint16 or uint32, mapped read-only, concatenated, each document
    with its end-of-document token; ``offsets`` (n_documents + 1,) int64, where each begins and the last one ends.
    ``programs``: what each document's translations share (null for one that has none), None where no document has any.
    """

    tokens: Tokens
    offsets: NDArray[np.int64]
    programs: pa.Array | None = None


def check_file(path: Path, size: int | None, sha256: str | None) -> None:
    """Raises :class:`UserError` for a file that is missing, or has another length or checksum; None skips a check."""
    if not path.is_file():
        raise UserError(path, "is missing, though the manifest names it", _AGAIN)
    length = path.stat().st_size
    if size is not None and length != size:
        raise UserError(path, f"is truncated or altered: {length:,} bytes instead of {size:,}", _AGAIN)
    if sha256 is not None and file_sha256(path) != sha256:
        raise UserError(path, "is altered: its checksum is not the manifest's", _AGAIN)


def read_shard(path: Path) -> Documents:
    """Maps a shard into memory. Raises :class:`UserError` where it is not one."""
    try:
        with pa.memory_map(str(path)) as source:
            batch = pa.ipc.open_file(source).get_batch(0)
    except (pa.ArrowInvalid, OSError, IndexError) as error:
        raise UserError(path, f"is not a readable shard ({error})", _AGAIN) from None
    column = batch.column("tokens")
    return Documents(
        tokens=column.values.to_numpy(zero_copy_only=True),
        offsets=column.offsets.to_numpy(zero_copy_only=True),
        programs=batch.column("program") if "program" in batch.schema.names else None,
    )


@dataclass
class Corpus:
    """An open corpus; shards are mapped when they are first asked for."""

    folder: Path
    manifest: Manifest
    _mapped: dict[tuple[str, str], Documents] = field(default_factory=dict, repr=False)
    _programs: dict[tuple[str, str], tuple[str | None, ...]] = field(default_factory=dict, repr=False)

    @property
    def corpus_id(self) -> str:
        """A hash of the tokenizer and all shards: what runs have to share to be compared."""
        return self.manifest.corpus_id

    @property
    def vocabulary(self) -> int:
        """Tokens in the vocabulary, the end-of-document token included."""
        return self.manifest.vocabulary or 0

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages, in the study's order."""
        return tuple(self.manifest.languages)

    @property
    def retention_texts(self) -> tuple[str, ...]:
        """The texts that stand for what the model knew which runs start from; each has a validation split alone."""
        return tuple(self.manifest.kept)

    @cached_property
    def end_of_document(self) -> int:
        """The token that ends every document, as the shards have it."""
        documents = self.documents(self.languages[0], "training")
        return int(documents.tokens[documents.offsets[1] - 1])

    def _entry(self, language: str, split: str) -> CorpusLanguage | RetentionEntry:
        if language in self.manifest.kept and split == RETENTION_SPLIT:
            return self.manifest.kept[language]
        if language not in self.manifest.languages:
            hint = f"use one of {', '.join(self.languages)}, or add it to the study and run codescale corpus again"
            raise UserError(self.folder / MANIFEST, f"{language!r} is not in the corpus", hint)
        if split not in SPLITS:
            raise ValueError(f"{split!r} is not one of {SPLITS}")
        return self.manifest.languages[language]

    def bytes_per_token(self, language: str, split: str) -> float:
        """Bytes of UTF-8 for each token, end-of-document tokens included: turns nats per token into bits per byte."""
        return self._entry(language, split).bytes_per_token[split]

    def count_tokens(self, language: str, split: str) -> int:
        """Tokens in a split, end-of-document tokens included."""
        return self._entry(language, split).tokens[split]

    def programs(self, language: str, split: str) -> tuple[str | None, ...]:
        """For each document of a split what its translations share; None for one that has none."""
        key = (language, split)
        if key not in self._programs:
            documents = self.documents(language, split)
            none = (None,) * (len(documents.offsets) - 1)
            self._programs[key] = none if documents.programs is None else tuple(documents.programs.to_pylist())
        return self._programs[key]

    def documents(self, language: str, split: str) -> Documents:
        """The documents of a split. Raises :class:`UserError` for a language without tokens and a broken shard."""
        key = (language, split)
        if key not in self._mapped:
            path = self.folder / self._entry(language, split).shards[split].file
            found = read_shard(path)
            if len(found.tokens) == 0:
                hint = "add code in this language to corpus.sources, or leave it out of languages"
                raise UserError(path, f"{language} has no tokens in the {split} split", hint)
            if len(found.tokens) != self.count_tokens(language, split):
                raise UserError(path, "holds another number of tokens than the manifest says", _AGAIN)
            self._mapped[key] = found
        return self._mapped[key]


def _check(folder: Path, manifest: dict[str, Any], verify: bool) -> None:
    """Checks the files that the content of a manifest names, before it is typed: it may be of anything."""
    tokenizer = manifest["tokenizer"]
    check_file(folder / tokenizer["file"], None, tokenizer["sha256"] if verify else None)
    for language, facts in manifest["languages"].items():
        for split in SPLITS:
            if facts["tokens"][split] == 0:
                hint = "add code in this language to corpus.sources, or leave it out of languages"
                raise UserError(folder / MANIFEST, f"{language} has no tokens in the {split} split", hint)
    named = [facts["shards"][split] for facts in manifest["languages"].values() for split in SPLITS]
    named += [facts["shards"][RETENTION_SPLIT] for facts in manifest.get("kept", {}).values()]
    for shard in named:
        check_file(folder / shard["file"], shard["bytes"], shard["sha256"] if verify else None)


def open_corpus(folder: Path, verify: bool = True) -> Corpus:
    """The corpus in ``folder``. ``verify=False`` (for workers) checks lengths but no checksums.

    Raises :class:`UserError` for a missing or foreign manifest, a truncated or altered shard, and a language without
    tokens.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise UserError(path, "no such file: there is no finished corpus here", "run codescale corpus")
    content = read_json(path)
    try:
        _check(folder, content, verify)
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(path, f"is not a corpus manifest ({error!r})", _AGAIN) from None
    return Corpus(folder, Manifest.of(content, path, _AGAIN))
