"""Finds files that are nearly the same, by MinHash and locality-sensitive hashing (datasketch).

Broder (1997), "On the resemblance and containment of documents": the similarity of two files is the Jaccard index of
their sets of five consecutive words, estimated from 128 minima. Words are hashed once with CRC-32 and combined by a
polynomial in NumPy, which takes a tenth of the time of hashing every five words as a string.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Container, Iterable

import numpy as np
from datasketch import MinHash, MinHashLSH
from numpy.typing import NDArray

from codescale.progress import Advance

_WORD = re.compile(rb"\w+|[^\w\s]+")
_WORDS = 5
_PERMUTATIONS = 128
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def _identity(value: int) -> int:
    return value


def shingles(text: str) -> NDArray[np.uint32]:
    """The distinct hashes of five consecutive words (of all of them, where there are fewer), shape (count,)."""
    words = np.fromiter((zlib.crc32(word) for word in _WORD.findall(text.encode())), dtype=np.uint64)
    if len(words) == 0:
        return np.zeros(0, dtype=np.uint32)
    length = min(_WORDS, len(words))
    combined = np.zeros(len(words) - length + 1, dtype=np.uint64)
    for position in range(length):
        combined = (combined + words[position : len(words) - length + 1 + position] + np.uint64(1)) * _MULTIPLIER
    return np.unique((combined >> np.uint64(32)).astype(np.uint32))


def _signature(text: str) -> MinHash:
    signature = MinHash(num_perm=_PERMUTATIONS, seed=1, hashfunc=_identity)
    signature.update_batch(shingles(text).tolist())
    return signature


def near_duplicates(
    texts: Iterable[str], similarity: float, advance: Advance, remembered: Container[int] = ()
) -> dict[int, int]:
    """Positions of the texts that resemble an earlier one that is kept, with an estimated Jaccard index of
    ``similarity`` or more, each with the position of the earliest such. ``advance`` is told the bytes that are done.
    Texts at the positions ``remembered`` are compared with later ones even where they are not kept themselves.
    """
    # The index only proposes; a lower threshold there misses fewer, and the estimate below decides.
    index = MinHashLSH(threshold=0.9 * similarity, num_perm=_PERMUTATIONS)
    kept: dict[int, MinHash] = {}
    found: dict[int, int] = {}
    for position, text in enumerate(texts):
        signature = _signature(text)
        alike = [other for other in index.query(signature) if signature.jaccard(kept[other]) >= similarity]
        if alike:
            found[position] = min(alike)
        if not alike or position in remembered:
            kept[position] = signature
            index.insert(position, signature)
        advance(len(text))
    return found
