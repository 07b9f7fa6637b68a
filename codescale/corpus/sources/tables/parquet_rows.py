"""Rows of Parquet, their text as the bytes that it is stored as."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from codescale.corpus.sources.tables.columns import LIMIT, Rows, Seen, check_columns

_BATCH = 1_000

_TEXTS = (pa.types.is_string, pa.types.is_binary, pa.types.is_large_string, pa.types.is_large_binary)


def parquet_rows(path: Path, columns: Sequence[str], seen: Seen) -> Rows:
    """The rows of a file. Raises :class:`UserError` for a column that is missing or there twice."""
    metadata = pq.read_metadata(path)
    schema = metadata.schema.to_arrow_schema()
    check_columns(path, schema.names, columns, seen)
    once = [column for column in columns if _is_text(schema.field(column).type) and _is_small(metadata, column)]
    number = 0
    with pq.ParquetFile(path, read_dictionary=once) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=list(columns)):
            values = [_values(batch.column(column)) for column in columns]
            for row in zip(*values, strict=True):
                number += 1
                yield number, dict(zip(columns, row, strict=True))


def _is_text(kind: pa.DataType) -> bool:
    return any(is_kind(kind) for is_kind in _TEXTS)


def _is_small(metadata: pq.FileMetaData, column: str) -> bool:
    """Whether a column is read as a dictionary: a text that is stored once for a thousand rows is in memory once then,
    be it a bomb. All different texts of a row group are, too, so that it is done for small groups only.
    """
    groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
    chunks = [group.column(place) for group in groups for place in range(group.num_columns)]
    return all(chunk.total_uncompressed_size <= LIMIT for chunk in chunks if chunk.path_in_schema == column)


def _values(column: pa.Array) -> Iterator[Any]:
    """What is in a column, row by row."""
    if pa.types.is_dictionary(column.type):
        distinct = column.dictionary
        return (None if place is None else _value(distinct[place]) for place in column.indices.to_pylist())
    return map(_value, column)


def _value(scalar: pa.Scalar) -> Any:
    """Text as bytes, since a file may claim that its bytes are UTF-8."""
    if scalar.is_valid and _is_text(scalar.type):
        return scalar.as_buffer().to_pybytes()
    return scalar.as_py()
