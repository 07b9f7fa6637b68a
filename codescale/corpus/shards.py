"""Writes token shards: one memory-mapped Arrow IPC file for each language and split, laid out as `reader` says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from codescale.corpus.manifest import ShardFile
from codescale.files import file_sha256, replacing


@dataclass(frozen=True)
class Shard:
    """A shard that was written: its file, and what it holds."""

    file: str
    sha256: str
    bytes: int
    documents: int
    tokens: int

    @property
    def entry(self) -> ShardFile:
        """The file, for the manifest."""
        return ShardFile(file=self.file, sha256=self.sha256, bytes=self.bytes)


def write_shard(
    path: Path, documents: Iterable[NDArray[np.uint32]], vocabulary: int, programs: Sequence[str | None] = ()
) -> Shard:
    """Writes the documents' token ids, uint16 where the vocabulary fits into it, else uint32; atomic.

    ``programs``, one for each document, become a column of their own where there are any.
    """
    pieces = list(documents)
    kind = np.uint16 if vocabulary <= 2**16 else np.uint32
    offsets = np.zeros(len(pieces) + 1, dtype=np.int64)
    np.cumsum([len(piece) for piece in pieces], out=offsets[1:])
    tokens = np.concatenate(pieces).astype(kind) if pieces else np.zeros(0, dtype=kind)
    column = pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(tokens))
    columns: dict[str, pa.Array] = {"tokens": column}
    if any(program is not None for program in programs):
        columns["program"] = pa.array(programs, pa.large_string())
    batch = pa.record_batch(list(columns.values()), names=list(columns))
    with replacing(path) as temporary:
        with pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        digest, size = file_sha256(temporary), temporary.stat().st_size
    return Shard(path.name, digest, size, len(pieces), len(tokens))
