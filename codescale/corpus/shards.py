"""Writes token shards: one memory-mapped Arrow IPC file for each language and split, laid out as `reader` says."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

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
    tokens = np.concatenate([np.zeros(0, np.uint32), *pieces])
    return write_tokens(path, tokens, np.fromiter(map(len, pieces), np.int64, len(pieces)), vocabulary, programs)


def write_tokens(
    path: Path,
    tokens: NDArray[np.uint32],
    lengths: NDArray[np.int64],
    vocabulary: int,
    programs: Sequence[str | None] = (),
) -> Shard:
    """The same, of documents behind each other that have these ``lengths``."""
    offsets = _offsets([lengths])
    batch = _record_batch(offsets, pa.array(tokens.astype(_kind(vocabulary))), programs)
    with replacing(path) as temporary:
        with pa.OSFile(str(temporary), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        digest, size = file_sha256(temporary), temporary.stat().st_size
    return Shard(path.name, digest, size, len(lengths), len(tokens))


def _offsets(lengths: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]), dtype=np.int64)


def _kind(vocabulary: int) -> type[np.uint16] | type[np.uint32]:
    return np.uint16 if vocabulary <= 2**16 else np.uint32


def _record_batch(offsets: NDArray[np.int64], tokens: pa.Array, programs: Sequence[str | None]) -> pa.RecordBatch:
    column = pa.LargeListArray.from_arrays(pa.array(offsets), tokens)
    columns: dict[str, pa.Array] = {"tokens": column}
    if any(program is not None for program in programs):
        columns["program"] = pa.array(programs, pa.large_string())
    return pa.record_batch(list(columns.values()), names=list(columns))


def _lengths_and_tokens(part: Path) -> tuple[NDArray[np.int64], NDArray]:
    """How many tokens each document of the shard ``part`` has, and all of them; read, not mapped."""
    batch = pa.ipc.open_file(part.read_bytes()).get_batch(0).column("tokens")
    return np.diff(batch.offsets.to_numpy()), batch.values.to_numpy()


class _Output:
    """A file that gets the tokens of ``parts`` where it is handed ``values``, which only have their length."""

    def __init__(self, file: IO[bytes], values: pa.Buffer, parts: Sequence[Path]) -> None:
        self._file, self._values, self._parts = file, values, parts
        self.closed = False

    def write(self, content: pa.Buffer | bytes) -> int:
        """Writes ``content``, or what it stands for."""
        if not isinstance(content, pa.Buffer) or content.address != self._values.address or not content.size:
            return self._file.write(content)
        return sum(self._file.write(_lengths_and_tokens(part)[1].tobytes()) for part in self._parts)

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self.closed = True


def join_shards(path: Path, parts: Sequence[Path], vocabulary: int, programs: Sequence[str | None] = ()) -> Shard:
    """Writes the shard that :func:`write_shard` writes of all documents of the shards ``parts``, in as much memory as
    one of these takes.

    Arrow wants all tokens of a batch behind each other in memory. It is given a file full of nothing instead, which it
    only takes the length of, and the tokens go into the output in its place.
    """
    offsets = _offsets([_lengths_and_tokens(part)[0] for part in parts])
    kind = np.dtype(_kind(vocabulary))
    total = int(offsets[-1])
    with replacing(path) as temporary:
        with temporary.open("wb") as file, tempfile.TemporaryFile(dir=path.parent) as nothing:
            nothing.truncate(max(1, total * kind.itemsize))
            with mmap.mmap(nothing.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                _write_joined(file, mapped, parts, offsets, kind, programs)
        digest, size = file_sha256(temporary), temporary.stat().st_size
    return Shard(path.name, digest, size, len(offsets) - 1, total)


def _write_joined(
    file: IO[bytes],
    mapped: mmap.mmap,
    parts: Sequence[Path],
    offsets: NDArray[np.int64],
    kind: np.dtype,
    programs: Sequence[str | None],
) -> None:
    values = np.frombuffer(mapped, dtype=kind, count=int(offsets[-1]))
    batch = _record_batch(offsets, pa.array(values), programs)
    buffer = batch.column("tokens").values.buffers()[1]
    output = pa.PythonFile(_Output(file, buffer, parts), mode="w")
    with pa.ipc.new_file(output, batch.schema) as writer:
        writer.write_batch(batch)
