"""One byte-level BPE tokenizer for all languages, trained on as many bytes of each.

Byte-level byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909, on bytes as in GPT-2): every text can be encoded,
nothing is unknown. Training takes an equal number of bytes from each language's training split, so that no language
owns the vocabulary; the result is one ``tokenizer.json`` that transformers reads as
``PreTrainedTokenizerFast(tokenizer_file="tokenizer.json")``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from codescale.corpus.document import Document, stable_order
from codescale.files import replacing
from codescale.progress import Advance

END_OF_DOCUMENT = "<|endoftext|>"
MAX_TRAINING_BYTES = 20_000_000
"""Bytes of each language that the tokenizer is trained on at most: merges hardly change with more, memory does."""

_BATCH = 256


def even_texts(documents: Mapping[str, Sequence[Document]], most: int = MAX_TRAINING_BYTES) -> Iterator[str]:
    """Texts with equally many bytes of every language: all that the smallest one has, ``most`` at the most.

    Documents come in an order by hash; the last one of a language is cut where its bytes are used up.
    """
    size = min(most, *(sum(d.size for d in found) for found in documents.values()))
    for language in sorted(documents):
        left = size
        for document in sorted(documents[language], key=lambda d: stable_order(f"{d.repository}/{d.path}")):
            if left <= 0:
                break
            yield document.text if document.size <= left else document.text.encode()[:left].decode(errors="ignore")
            left -= document.size


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
    """The tokenizer in ``path``, which reads the end-of-document mark in a text as plain characters."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return tokenizer


def encode(
    tokenizer: Tokenizer, documents: Sequence[Document], end: int, advance: Advance
) -> Iterator[NDArray[np.uint32]]:
    """The token ids of each document, the token ``end`` last. ``advance`` is told the bytes that are done.

    A tokenizer that begins every text with a token of its own, as LLaMA's does, begins every document so.
    """
    for start in range(0, len(documents), _BATCH):
        batch = documents[start : start + _BATCH]
        for encoding in tokenizer.encode_batch_fast([document.text for document in batch]):
            ids = encoding.ids[:-1] if encoding.ids[-1:] == [end] else encoding.ids
            yield np.array([*ids, end], dtype=np.uint32)
        advance(sum(document.size for document in batch))
