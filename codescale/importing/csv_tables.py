"""CSV and JSON Lines files as Arrow tables, with what is wrong in them named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
from numpy.typing import NDArray

from codescale.errors import UserError

_EMPTY = ["", "null", "NULL", "None"]
"""What stands for nothing. NaN does not: it is what a run that diverged has measured."""


def read_csv(path: Path) -> pa.Table:
    """The CSV file ``path``. Raises :class:`UserError` where it is none."""
    try:
        table = pa.csv.read_csv(path, convert_options=pa.csv.ConvertOptions(null_values=_EMPTY))
        _ = table.column_names  # raises where one is no UTF-8
    except (pa.ArrowInvalid, UnicodeError, OSError) as error:
        detail = " ".join(str(error).split())[:160]
        raise UserError(path, f"cannot be read as CSV ({detail})", "give a CSV file with a header") from None
    return table


def read_text_table(path: Path) -> pa.Table:
    """The CSV or JSON Lines file ``path``; nested objects become columns with dots. Raises as :func:`read_csv`."""
    if path.suffix.lower() not in (".json", ".jsonl"):
        return read_csv(path)
    try:
        table = pa.json.read_json(path)
    except (pa.ArrowInvalid, UnicodeError, OSError) as error:
        detail = " ".join(str(error).split())[:160]
        raise UserError(path, f"cannot be read as JSON Lines ({detail})", "give one object a line") from None
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def numbers(path: Path, table: pa.Table, column: str) -> NDArray[np.float64]:
    """(rows,): ``column`` as numbers, NaN where empty. Raises :class:`UserError` that names the row."""
    try:
        values = pc.cast(table[column], pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        for row, value in enumerate(table[column].to_pylist()):
            try:
                float("nan" if value in (None, "") else value)
            except (TypeError, ValueError):
                raise UserError(
                    f"{path}, row {row + 1}, {column}", f"{str(value)[:40]!r} is not a number", "correct or empty it"
                ) from None
        values = pa.array([float("nan" if value in (None, "") else value) for value in table[column].to_pylist()])
    return pc.fill_null(values, np.nan).to_numpy(zero_copy_only=False).astype(np.float64)
