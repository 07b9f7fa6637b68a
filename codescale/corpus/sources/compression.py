"""Opens a compressed file as a stream, so that what it unpacks to is never whole in memory nor on the disk.

gzip, bzip2 and xz are Python's own; zstd and lz4 are pyarrow's, which takes no window above 128 MB.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import pyarrow as pa


def _by_arrow(codec: str) -> Callable[[Path], Any]:
    def opened(path: Path) -> IO[bytes]:
        return cast(IO[bytes], io.BufferedReader(pa.input_stream(str(path), compression=codec)))

    return opened


_OPENERS: dict[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": _by_arrow("zstd"),
    ".zstd": _by_arrow("zstd"),
    ".lz4": _by_arrow("lz4"),
}

COMPRESSIONS = tuple(_OPENERS)
"""Endings of compressed files."""

BROKEN = (OSError, EOFError, lzma.LZMAError, zlib.error, pa.ArrowException)
"""What reading an :func:`opened` file raises where it is truncated, altered or not compressed at all."""


def opened(path: Path) -> IO[bytes]:
    """``path`` as a stream of what it holds, unpacked where its ending says that it is packed."""
    return cast(IO[bytes], _OPENERS.get(path.suffix.lower(), _plain)(path))


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def ending(name: str) -> str:
    """What tells the kind of a file, lower case: ``.json.gz`` for a compressed one; its name where it has no ending."""
    path = PurePosixPath(name)
    last = path.suffix.lower()
    inner = PurePosixPath(path.stem).suffix.lower() if last in COMPRESSIONS else ""
    return inner + last or path.name
