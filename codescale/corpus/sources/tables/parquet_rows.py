"""Rows of Parquet, their text as the bytes that it is stored as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from codescale.corpus.sources.tables.columns import Rows, Seen, check_columns

_BATCH = 1_000

_LARGE = (pa.types.is_large_string, pa.types.is_large_binary)


def parquet_rows(path: Path, columns: Sequence[str], seen: Seen) -> Rows:
    """The rows of a file. Raises :class:`UserError` for a column that is missing or there twice."""
    schema = pq.read_schema(path)
    check_columns(path, schema.names, columns, seen)
    # Read as a dictionary, a text that is stored once for a thousand rows is in memory once.
    texts = [column for column in columns if _is_text(schema.field(column).type)]
    number = 0
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=list(columns)):
            values = [_values(batch.column(column)) for column in columns]
            for row in zip(*values, strict=True):
                number += 1
                yield number, dict(zip(columns, row, strict=True))


def _is_text(kind: pa.DataType) -> bool:
    return any(of_kind(kind) for of_kind in (pa.types.is_string, pa.types.is_binary, *_LARGE))


def _values(column: pa.Array) -> Iterator[Any]:
    """What is in a column, row by row; text as bytes, since a file may claim that its bytes are UTF-8."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        values = _as_bytes(column.dictionary)
        return (None if place is None else values[place].as_py() for place in column.indices.to_pylist())
    return (value.as_py() for value in _as_bytes(column))


def _as_bytes(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.binary())
    return column.cast(pa.large_binary()) if pa.types.is_large_string(kind) else column
