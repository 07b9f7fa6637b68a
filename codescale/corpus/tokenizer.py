"""One byte-level BPE tokenizer for all languages, trained on as many bytes of each.

Byte-level byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909, on bytes as in GPT-2): every text can be encoded,
nothing is unknown. Training takes an equal number of bytes from each language's training split, so that no language
owns the vocabulary; the result is one ``tokenizer.json`` that transformers reads as
``PreTrainedTokenizerFast(tokenizer_file="tokenizer.json")``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from codescale.corpus.document import AnyDocument, stable_order
from codescale.files import replacing

END_OF_DOCUMENT = "<|endoftext|>"
MAX_TRAINING_BYTES = 20_000_000
"""Bytes of each language that the tokenizer is trained on at most: merges hardly change with more, memory does."""


def even_share(
    documents: Mapping[str, Sequence[AnyDocument]], most: int = MAX_TRAINING_BYTES
) -> dict[str, list[tuple[int, int]]]:
    """Of every language equally many bytes: all that the smallest one has, ``most`` at the most.

    By language, sorted, the positions of the documents that are taken, in an order by hash, and the bytes of each: of
    the last one as many as are left.
    """
    size = min(most, *(sum(d.size for d in found) for found in documents.values()))
    return {language: _taken(documents[language], size) for language in sorted(documents)}


def _taken(documents: Sequence[AnyDocument], left: int) -> list[tuple[int, int]]:
    order = sorted(range(len(documents)), key=lambda k: stable_order(f"{documents[k].repository}/{documents[k].path}"))
    taken = []
    for position in order:
        if left <= 0:
            break
        taken.append((position, min(left, documents[position].size)))
        left -= documents[position].size
    return taken


def beginning(text: str, size: int) -> str:
    """The first ``size`` bytes of ``text``, without half a character."""
    encoded = text.encode()
    return text if len(encoded) <= size else encoded[:size].decode(errors="ignore")


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """A tokenizer of ``vocabulary`` tokens (fewer where the texts have no more pairs to merge); deterministic."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_DOCUMENT],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """Writes ``tokenizer.json`` atomically."""
    with replacing(path) as temporary:
        tokenizer.save(str(temporary))


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer in ``path``, as :func:`parse_tokenizer` reads it."""
    return parse_tokenizer(path.read_text(encoding="utf-8"))


def parse_tokenizer(content: str) -> Tokenizer:
    """The tokenizer that a ``tokenizer.json`` of this content is. It reads the end-of-document mark in a text as plain
    characters.
    """
    tokenizer = Tokenizer.from_str(content)
    tokenizer.encode_special_tokens = True
    return tokenizer
