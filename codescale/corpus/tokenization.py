"""From selected documents to token shards: some megabytes of text at a time become tokens, and these become shards.

The tokens of each piece are a file that names the tokenizer, so that a build that was killed tokenizes only what is
left; when all are there they are joined.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer

from codescale.corpus.encoding import TextEncoder
from codescale.corpus.reader import SPLITS
from codescale.corpus.selection import Selection
from codescale.corpus.selection_file import read_texts, texts_at
from codescale.corpus.shards import Shard, join_shards, write_tokens
from codescale.corpus.spread import Spread, in_order
from codescale.corpus.tokenizer import beginning, even_share
from codescale.progress import Advance, Progress


@dataclass(frozen=True)
class TokenizerSpec:
    """A tokenizer, the token that ends its documents, and the rows of an embedding for it. ``by_words``: whether its
    words are those of GPT-2's pattern, as of the ones that we train.
    """

    tokenizer: Tokenizer
    end: int
    vocabulary: int
    by_words: bool


def documents_path(folder: Path, language: str) -> Path:
    """Where in the corpus's ``folder`` the selected documents of a language are."""
    return folder / "documents" / f"{language}.parquet"


def training_texts(selections: Mapping[str, Selection], folder: Path) -> Iterator[str]:
    """Texts with equally many bytes of every language, which the tokenizer is trained on."""
    share = even_share({language: selection.documents["training"] for language, selection in selections.items()})
    for language, taken in share.items():
        texts = texts_at(documents_path(folder, language), (row for row, _ in taken))  # training comes first
        for row, size in taken:
            yield beginning(texts.pop(row), size)


class _Pieces:
    """The files of tokens, by language and split; ``missing`` makes a list of them as it goes."""

    def __init__(self, folder: Path, spec: TokenizerSpec) -> None:
        self._folder = folder
        self._key = hashlib.sha256(f"{spec.tokenizer.to_str()} {spec.end} {spec.vocabulary}".encode()).hexdigest()[:16]
        self.paths: dict[tuple[str, str], list[Path]] = {}
        self.waiting: deque[tuple[Path, int]] = deque()

    def missing(self, corpus: Path, languages: Iterator[str], advance: Advance) -> Iterator[tuple[str, ...]]:
        """The texts whose tokens are not there yet; ``waiting`` has their files and sizes."""
        for language in languages:
            for group in read_texts(documents_path(corpus, language)):
                paths = self.paths.setdefault((language, group.split), [])
                path = self._folder / f"{language}.{group.split}.{len(paths):06}.{self._key}.arrow"
                paths.append(path)
                if path.exists():
                    advance(group.size)
                else:
                    self.waiting.append((path, group.size))
                    yield group.texts


def tokenize(
    selections: Mapping[str, Selection],
    spec: TokenizerSpec,
    corpus: Path,
    pieces_folder: Path,
    spread: Spread,
    progress: Progress,
) -> dict[str, dict[str, Shard]]:
    """Writes the shards into the folder ``corpus``, by language and split; ``pieces_folder`` keeps what was done."""
    pieces = _Pieces(pieces_folder, spec)
    encoder = TextEncoder(spec.tokenizer.to_str(), spec.end, spec.by_words)
    total = sum(selection.size(split) for selection in selections.values() for split in SPLITS)
    with progress.bar("Tokenizing", total) as advance:
        missing = pieces.missing(corpus, iter(selections), advance)
        for encoded in in_order(encoder, missing, lambda texts: sum(map(len, texts)), spread):
            path, size = pieces.waiting.popleft()
            write_tokens(path, encoded.tokens, encoded.lengths, spec.vocabulary)
            advance(size)
    return {
        language: {
            split: join_shards(
                corpus / f"{language}.{split}.arrow",
                pieces.paths[language, split],
                spec.vocabulary,
                [document.program for document in selection.documents[split]],
            )
            for split in SPLITS
        }
        for language, selection in selections.items()
    }
