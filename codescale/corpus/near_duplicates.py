"""Finds files that are nearly the same, by their MinHash signatures and locality-sensitive hashing.

Most files share no band with any other one and are done with at once, from a few bytes each; only of the others are
the signatures looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codescale.corpus.document import AnyDocument
from codescale.corpus.minhash import PERMUTATIONS, Minima, band_shape, bands_of, minima_of


@dataclass(frozen=True)
class Signatures:
    """Of documents in some order: the hashes of their ``bands``, shape (documents, bands), and what tells the
    ``minima`` of those at given positions, shape (positions, PERMUTATIONS).
    """

    bands: NDArray[np.uint64]
    minima: Callable[[NDArray[np.int64]], Minima]


def signatures_of_texts(documents: Sequence[AnyDocument], similarity: float) -> Signatures:
    """The signatures of documents whose texts are at hand."""
    minima = minima_of([document.text.encode() for document in documents])
    return Signatures(bands_of(minima, band_shape(similarity)), lambda positions: minima[positions])


def _share_a_band(bands: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Positions of the documents that have a band in common with another one."""
    shares = np.zeros(len(bands), dtype=bool)
    for band in bands.T:
        _, which, counts = np.unique(band, return_inverse=True, return_counts=True)
        shares |= counts[which] > 1
    return np.flatnonzero(shares)


def near_duplicates(signatures: Signatures, similarity: float, remembered: Container[int] = ()) -> dict[int, int]:
    """Positions of the documents that resemble an earlier one that is kept, with an estimated Jaccard index of
    ``similarity`` or more, each with the position of the earliest such.

    Documents at the positions ``remembered`` are compared with later ones even where they are not kept themselves.
    """
    positions = _share_a_band(signatures.bands)
    minima = signatures.minima(positions)
    kept: list[defaultdict[int, list[int]]] = [defaultdict(list) for _ in range(signatures.bands.shape[1])]
    found: dict[int, int] = {}
    for here, position in enumerate(positions.tolist()):
        hashes = signatures.bands[position].tolist()
        others = sorted({other for band, value in zip(kept, hashes, strict=True) for other in band.get(value, ())})
        equal = (minima[others] == minima[here]).sum(axis=1) if others else np.zeros(0)
        alike = np.flatnonzero(equal / PERMUTATIONS >= similarity)
        if len(alike):
            found[position] = int(positions[others[alike[0]]])
        if not len(alike) or position in remembered:
            for band, value in zip(kept, hashes, strict=True):
                band[value].append(here)
    return found
