"""Tables of real code for `bench_corpus.py`, made of the Python and Go sources that lie on this machine.

Files come in an order by hash, so that a small table is a sample of a large one. Where a table is to be larger than
what is here, copies follow in which a third of all names are others: they resemble nothing, and tokenize alike.
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_ENDINGS = (".py", ".go")
_PARTS = ("site-packages", "dist-packages", "src", "lib")
_NAME = re.compile(r"\b[A-Za-z_]\w{3,}")
_TABLE_BYTES = 50_000_000


@dataclass(frozen=True)
class _File:
    """A source file: its repository is the first folder below a folder of packages."""

    path: Path
    repository: str
    inner: str


def _files(roots: list[Path]) -> Iterator[_File]:
    for root in roots:
        for here, folders, names in os.walk(root):
            folders.sort()
            for name in sorted(names):
                path = Path(here, name)
                if name.endswith(_ENDINGS) and path.is_file() and not path.is_symlink():
                    parts = path.relative_to(root).parts
                    start = max((k + 1 for k, part in enumerate(parts) if part in _PARTS), default=0)
                    repository, *rest = parts[min(start, len(parts) - 1) :]
                    yield _File(path, repository, "/".join(rest) or repository)


def _renamed(text: str, copy: int) -> str:
    def name(match: re.Match[str]) -> str:
        word = match.group()
        return word if zlib.crc32(word.encode()) % 3 else f"{word}{copy}"

    return _NAME.sub(name, text) if copy else text


def _rows(roots: list[Path], most: int) -> Iterator[tuple[str, str, str]]:
    """Texts, repositories and paths of ``most`` bytes in all."""
    files = sorted(_files(roots), key=lambda file: hashlib.sha256(str(file.path).encode()).digest())
    left = most
    for copy in range(1_000):
        for file in files:
            if left <= 0:
                return
            try:
                text = _renamed(file.path.read_text(encoding="utf-8"), copy)
            except (OSError, UnicodeDecodeError):
                continue
            if 100 <= len(text) <= 200_000:
                left -= len(text.encode())
                yield text, f"{file.repository}{copy or ''}", file.inner


def write_material(folder: Path, roots: list[Path], most: int) -> None:
    """Writes Parquet tables of ``most`` bytes of text in all into ``folder``, with columns text, repository, path."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, str, str]] = []
    size = number = 0

    def write() -> None:
        nonlocal rows, size, number
        table = pa.table(dict(zip(("text", "repository", "path"), zip(*rows, strict=True), strict=True)))
        pq.write_table(table, folder / f"{number:04}.parquet", compression="zstd", row_group_size=1_000)
        rows, size, number = [], 0, number + 1

    for row in _rows(roots, most):
        rows.append(row)
        size += len(row[0])
        if size >= _TABLE_BYTES:
            write()
    if rows:
        write()
