"""Cleans the sources batch by batch, and keeps what is left on the disk: a build needs no more memory than a few.

A batch is some megabytes of consecutive records; where one ends depends on the sources alone. What cleaning makes of
it is a part: one file with the texts behind each other, and one with all else, which is written last. A part names the
hash of its batch, so that a build that was killed cleans only what has no part yet.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from codescale.corpus.cleaning import clean
from codescale.corpus.minhash import PERMUTATIONS, BandShape, bands_of, minima_of
from codescale.corpus.record import Record
from codescale.corpus.spread import Spread, in_order
from codescale.files import write_bytes
from codescale.study.corpus import CorpusSection

_BATCH_BYTES = 4_000_000


@dataclass(frozen=True)
class RawBatch:
    """Consecutive records of the sources; ``key`` is a hash of them and of the configuration."""

    key: str
    records: tuple[Record, ...]

    @property
    def size(self) -> int:
        """Bytes of the records' contents."""
        return sum(len(record.content) for record in self.records)


@dataclass(frozen=True)
class CleanedPart:
    """The ``texts`` of a batch behind each other, in UTF-8, and their ``index``, an Arrow file."""

    texts: bytes
    index: bytes


def raw_batches(records: Iterable[Record], fingerprint: str) -> Iterator[RawBatch]:
    """``records`` in batches of some megabytes."""
    batch: list[Record] = []
    digest, size = hashlib.blake2b(fingerprint.encode(), digest_size=16), 0
    for record in records:
        batch.append(record)
        facts = (record.language, record.repository, record.path, record.licence, record.program, record.is_real_path)
        digest.update(repr((*facts, len(record.content))).encode())
        digest.update(record.content)
        size += len(record.content)
        if size >= _BATCH_BYTES:
            yield RawBatch(digest.hexdigest(), tuple(batch))
            batch, size = [], 0
            digest = hashlib.blake2b(fingerprint.encode(), digest_size=16)
    if batch:
        yield RawBatch(digest.hexdigest(), tuple(batch))


def _name(text: str) -> bytes:
    """A file's name as it is on the disk: it may be no text."""
    return text.encode("utf-8", errors="surrogateescape")


@dataclass(frozen=True)
class Cleaning:
    """Cleans batches and finds what is compared later. ``programming``: the languages that are no text; ``shape``: of
    the bands for the section's similarity.
    """

    section: CorpusSection
    programming: frozenset[str]
    shape: BandShape

    def __call__(self, batch: RawBatch) -> CleanedPart:
        """The part that ``batch`` becomes."""
        kept: list[Record] = []
        texts: list[bytes] = []
        dropped: dict[str, Counter[str]] = defaultdict(Counter)
        for record in batch.records:
            text, reason = clean(record, record.language in self.programming, self.section)
            if text is None:
                dropped[record.language][str(reason)] += 1
            else:
                kept.append(record)
                texts.append(text.encode())
        minima = minima_of(texts)
        bands = bands_of(minima, self.shape)
        table = pa.record_batch(
            {
                "language": pa.array([record.language for record in kept], pa.string()),
                "repository": pa.array([_name(record.repository) for record in kept], pa.binary()),
                "path": pa.array([_name(record.path) for record in kept], pa.binary()),
                "licence": pa.array([_name(record.licence) for record in kept], pa.binary()),
                "program": pa.array(
                    [None if record.program is None else _name(record.program) for record in kept], pa.binary()
                ),
                "size": pa.array([len(text) for text in texts], pa.int64()),
                "digest": pa.array([hashlib.sha256(text).digest() for text in texts], pa.binary(32)),
                "bands": pa.FixedSizeListArray.from_arrays(pa.array(bands.ravel()), bands.shape[1]),
                "minima": pa.FixedSizeListArray.from_arrays(pa.array(minima.ravel()), PERMUTATIONS),
            }
        )
        table = table.replace_schema_metadata({"key": batch.key, "dropped": json.dumps(dropped)})
        sink = pa.BufferOutputStream()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_batch(table)
        return CleanedPart(b"".join(texts), sink.getvalue().to_pybytes())


class PartFolder:
    """The parts in a folder, numbered from 0."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def texts(self, number: int) -> Path:
        """The file with the texts of a part."""
        return self._folder / f"{number:06}.texts"

    def _index(self, number: int) -> Path:
        return self._folder / f"{number:06}.arrow"

    def index(self, number: int) -> pa.RecordBatch:
        """All of a part but its texts. Raises ``OSError`` or ``pa.ArrowInvalid`` where there is none."""
        with self._index(number).open("rb") as file:
            return pa.ipc.open_file(file).get_batch(0)

    def has(self, number: int, key: str) -> bool:
        """Whether the part is there, made of the batch with this ``key``."""
        try:
            index = self.index(number)
            whole = self.texts(number).stat().st_size == (pc.sum(index.column("size")).as_py() or 0)
        except (OSError, pa.ArrowInvalid):
            return False
        return whole and index.schema.metadata[b"key"].decode() == key

    def write(self, number: int, part: CleanedPart) -> None:
        """Keeps ``part``. Raises :class:`UserError` for a disk that is full or read-only."""
        write_bytes(self.texts(number), part.texts)
        write_bytes(self._index(number), part.index)


def clean_in_parts(batches: Iterable[RawBatch], cleaning: Cleaning, parts: PartFolder, spread: Spread) -> int:
    """Cleans the batches that ``parts`` does not have yet, and returns how many parts there are."""
    numbers: deque[int] = deque()
    count = 0

    def missing() -> Iterator[RawBatch]:
        nonlocal count
        for batch in batches:
            if not parts.has(count, batch.key):
                numbers.append(count)
                yield batch
            count += 1

    for part in in_order(cleaning, missing(), lambda batch: batch.size, spread):
        parts.write(numbers.popleft(), part)
    return count


def dropped_of(index: pa.RecordBatch) -> Mapping[str, Mapping[str, int]]:
    """By language and reason, how many files of a part's batch were left out."""
    found: dict[str, dict[str, int]] = json.loads(index.schema.metadata[b"dropped"])
    return found
