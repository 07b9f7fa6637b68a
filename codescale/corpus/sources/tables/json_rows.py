"""Rows of JSON: one object a line (``.jsonl``, ``.ndjson``), or objects and lists of objects (``.json``)."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from codescale.corpus.sources.compression import opened
from codescale.corpus.sources.tables.columns import LIMIT, Rows, Seen, without_header
from codescale.corpus.sources.tables.encoding import decoded, without_mark
from codescale.errors import UserError

_CHUNK = 1_000_000
_DECODER = json.JSONDecoder()

_Object = dict[str, Any]


def json_line_rows(path: Path, columns: Sequence[str], seen: Seen, too_large: Callable[[], None]) -> Rows:
    """The rows of a file with one object a line. ``too_large`` is told of every line that is not read for its length.

    Raises :class:`UserError` for a line that is no JSON object, and a column that no row has.
    """
    with opened(path) as file:
        yield from without_header(path, _lines(path, file, too_large), columns, seen)


def json_rows(path: Path, columns: Sequence[str], seen: Seen) -> Rows:
    """The rows of a file that is a list of objects, as pandas and polars write it, or holds one after the other.

    Raises :class:`UserError` for what is neither, and a column that no row has.
    """
    with opened(path) as file:
        yield from without_header(path, enumerate(_values(path, file), start=1), columns, seen)


def _lines(path: Path, file: IO[bytes], too_large: Callable[[], None]) -> Iterator[tuple[int, _Object]]:
    number = 0
    while line := file.readline(LIMIT):
        number += 1
        if number == 1:
            line = without_mark(path, line)
        if len(line) == LIMIT and not line.endswith(b"\n"):
            too_large()
            while (rest := file.readline(_CHUNK)) and not rest.endswith(b"\n"):
                pass
        elif line.strip():
            yield number, _parsed(f"{path}, line {number}", line)


def _parsed(where: str, line: bytes) -> _Object:
    try:
        row = json.loads(decoded(line))
    except RecursionError:
        raise UserError(where, "is nested too deeply", "repair it") from None
    except ValueError as error:
        raise UserError(where, f"is not JSON ({error})", "repair it") from None
    return _checked(where, row, "give one object a line")


def _checked(where: str, row: Any, hint: str) -> _Object:
    if not isinstance(row, dict):
        raise UserError(where, "is not a JSON object", hint)
    return row


class _Reader:
    """Text of a file, of which as much is held as the value needs that is looked at."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape").decode
        self._ended = False
        self._text = self._decode(without_mark(path, file.read(_CHUNK)))
        self._position = 0

    def _read(self, size: int) -> None:
        chunk = self._file.read(size)
        self._ended = not chunk
        self._text = self._text[self._position :] + self._decode(chunk, self._ended)
        self._position = 0

    def peek(self) -> str:
        """The next character that is no white space; empty at the end."""
        while True:
            here = self._position
            while here < len(self._text) and self._text[here].isspace():
                here += 1
            self._position = here
            if here < len(self._text) or self._ended:
                return self._text[here : here + 1]
            self._read(_CHUNK)

    def skip(self) -> None:
        """Leaves the next character behind."""
        self._position += 1

    def value(self, where: str) -> Any:
        """The next value. Raises :class:`UserError` for what is no JSON, and a value above :data:`LIMIT`."""
        while True:
            try:
                value, self._position = _DECODER.raw_decode(self._text, self._position)
                return value
            except RecursionError:
                raise UserError(where, "is nested too deeply", "repair it") from None
            except ValueError as error:
                held = len(self._text) - self._position
                if self._ended or held > LIMIT:
                    raise UserError(where, f"is not JSON ({error})", "repair it") from None
                self._read(max(_CHUNK, held))


def _values(path: Path, file: IO[bytes]) -> Iterator[_Object]:
    """Every object of a list, or of the whole file."""
    reader = _Reader(path, file)
    hint = "make it a list of objects, or one object a line"
    in_list = reader.peek() == "["
    if in_list:
        reader.skip()
    number = 0
    while (following := reader.peek()) not in ("", "]"):
        number += 1
        if in_list and number > 1:
            if following != ",":
                raise UserError(f"{path}, row {number}", "has no comma before it", "repair it")
            reader.skip()
            reader.peek()
        yield _checked(f"{path}, row {number}", reader.value(f"{path}, row {number}"), hint)
    if in_list != (following == "]"):
        raise UserError(
            path, f"ends within its list, after row {number}" if in_list else "has a ] too much", "repair it"
        )
    if in_list:
        reader.skip()
        if reader.peek():
            raise UserError(path, "goes on after the end of its list", hint)
