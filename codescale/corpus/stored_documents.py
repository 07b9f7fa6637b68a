"""What is known of cleaned documents whose texts are in parts on the disk: some hundred bytes each are in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from codescale.corpus.cleaned_parts import PartFolder, dropped_of
from codescale.corpus.document import AnyDocument, StoredDocument
from codescale.corpus.minhash import PERMUTATIONS, Minima
from codescale.corpus.near_duplicates import Signatures
from codescale.corpus.selection import Candidates


class LanguageStore:
    """Where the documents of one language are: of each its part, its row there, and where its text begins."""

    def __init__(self, parts: PartFolder) -> None:
        self._parts = parts
        self._places: list[NDArray[np.int64]] = []
        self._bands: list[NDArray[np.uint64]] = []

    def add(self, places: NDArray[np.int64], bands: NDArray[np.uint64]) -> None:
        """Some more documents: ``places``, shape (documents, 3), and the hashes of their bands."""
        self._places.append(places)
        self._bands.append(bands)

    def settle(self) -> None:
        """Called when all documents are added."""
        self._where, self._hashes = np.concatenate(self._places), np.concatenate(self._bands)
        self._places, self._bands = [], []

    def text(self, number: int, size: int) -> str:
        """The text of ``size`` bytes of the document ``number``."""
        part, _, begin = self._where[number].tolist()
        file = os.open(self._parts.texts(part), os.O_RDONLY)
        try:
            return os.pread(file, size, begin).decode()
        finally:
            os.close(file)

    def signatures(self, numbers: NDArray[np.int64]) -> Signatures:
        """The signatures of the documents ``numbers``."""
        return Signatures(self._hashes[numbers], lambda positions: self._minima(numbers[positions]))

    def _minima(self, numbers: NDArray[np.int64]) -> Minima:
        found = np.empty((len(numbers), PERMUTATIONS), dtype=np.uint32)
        parts, rows, _ = self._where[numbers].T
        for part in np.unique(parts):
            here = parts == part
            found[here] = _matrix(self._parts.index(int(part)).column("minima"))[rows[here]]
        return found


def stored_signatures(documents: Sequence[AnyDocument], similarity: float) -> Signatures:
    """The signatures of documents of one store; ``similarity`` is that for which their bands were made."""
    stored = cast(Sequence[StoredDocument], documents)
    numbers = np.fromiter((document.number for document in stored), np.int64, len(stored))
    return cast(LanguageStore, stored[0].store).signatures(numbers)


def _matrix(column: pa.FixedSizeListArray) -> NDArray:
    return np.asarray(column.flatten().to_numpy()).reshape(len(column), -1)


class _Names(dict[bytes, str]):
    """Texts of which many documents have the same, each once in memory."""

    def __missing__(self, name: bytes) -> str:
        text = self[name] = name.decode("utf-8", errors="surrogateescape")
        return text


def stored_candidates(parts: PartFolder, count: int, languages: Iterable[str]) -> dict[str, Candidates]:
    """The documents of the first ``count`` parts by language, in the order of the sources."""
    candidates = {language: Candidates() for language in languages}
    stores = {language: LanguageStore(parts) for language in candidates}
    names = _Names()
    for part in range(count):
        index = parts.index(part)
        for language, dropped in dropped_of(index).items():
            candidates[language].dropped.update(dropped)
        _add(index, part, candidates, stores, names)
    for language, store in stores.items():
        if candidates[language].documents:
            store.settle()
    return candidates


def _add(
    index: pa.RecordBatch,
    part: int,
    candidates: dict[str, Candidates],
    stores: dict[str, LanguageStore],
    names: _Names,
) -> None:
    """Adds the documents of one part."""
    sizes = index.column("size").to_numpy()
    rows = np.arange(len(sizes))
    places = np.stack([np.full(len(sizes), part), rows, np.cumsum(sizes) - sizes], axis=1)
    bands = _matrix(index.column("bands"))
    languages = index.column("language").to_pylist()
    for language in dict.fromkeys(languages):
        here = np.flatnonzero([other == language for other in languages])
        documents = candidates[language].documents
        columns = ("repository", "path", "licence", "program", "size", "digest")
        found = index.take(pa.array(here)).select(list(columns))
        for row in zip(*(column.to_pylist() for column in found.columns), strict=True):
            repository, path, licence, program, size, digest = row
            documents.append(
                StoredDocument(
                    names[repository],
                    path.decode("utf-8", errors="surrogateescape"),
                    names[licence],
                    size,
                    digest,
                    None if program is None else program.decode("utf-8", errors="surrogateescape"),
                    len(documents),
                    stores[language],
                )
            )
        stores[language].add(places[here], bands[here])
