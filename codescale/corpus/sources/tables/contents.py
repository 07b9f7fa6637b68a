"""Texts that a table only names: The Stack v2 has ids, and Software Heritage's store has the files, each compressed.

Many are fetched at once, since a store takes its time for each; they come in the order of the rows.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from codescale.corpus.record import Record
from codescale.corpus.sources.tables.columns import LIMIT
from codescale.errors import UserError
from codescale.storage.object_store import ObjectStore

_AT_ONCE = 32
_GZIP = b"\x1f\x8b"

Named = tuple[Record | None, str | None]
"""A record whose content is an id, None for a row that is left out; and the encoding of its text, None for UTF-8."""


def _unpacked(content: bytes) -> bytes:
    """What ``content`` is once it is unpacked, as far as a file of code may be long: more is too large anyway.

    Raises ``zlib.error`` where it is broken or cut short.
    """
    if not content.startswith(_GZIP):
        return content
    unpacking = zlib.decompressobj(wbits=31)
    found = unpacking.decompress(content, LIMIT)
    if len(found) < LIMIT and not unpacking.eof:
        raise zlib.error("it is cut short")
    return found


def _in_utf8(content: bytes, encoding: str | None) -> bytes:
    """``content`` in UTF-8; as it is where it is not in ``encoding``: cleaning drops what is no UTF-8."""
    try:
        return content if encoding is None else content.decode(encoding).encode()
    except (UnicodeError, LookupError):
        return content


class StoredContents:
    """The contents in ``store``, each under its id."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def _fetch(self, record: Record, encoding: str | None) -> Record | None:
        name = record.content.decode("ascii", errors="replace")
        if not name.isalnum():
            where = f"{record.repository}, {record.path}"
            raise UserError(where, f"{name[:40]!r} is no id of a content", "correct text_column in corpus.sources")
        found = self._store.read(name)
        if found is None:
            return None
        try:
            return replace(record, content=_in_utf8(_unpacked(found[0]), encoding))
        except zlib.error as error:
            where = self._store.address.within(name)
            raise UserError(where, f"is broken ({error})", "see whether the store has it whole") from None

    def of(self, rows: Iterable[Named]) -> Iterator[tuple[Record | None, Record | None]]:
        """Each row's record as it was and with its content; None for the one that is left out or is not in the store.

        Raises :class:`UserError` where the store refuses, or cannot be reached, and for what is no id.
        """
        waiting: deque[tuple[Record | None, Future[Record | None] | None]] = deque()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            try:
                for record, encoding in rows:
                    waiting.append((record, None if record is None else pool.submit(self._fetch, record, encoding)))
                    if len(waiting) > 2 * _AT_ONCE:
                        yield _done(*waiting.popleft())
                while waiting:
                    yield _done(*waiting.popleft())
            finally:
                pool.shutdown(cancel_futures=True)


def _done(record: Record | None, fetched: Future[Record | None] | None) -> tuple[Record | None, Record | None]:
    return record, None if fetched is None else fetched.result()
