"""Any table of somebody else's, by its ending and content: CSV, JSON, Parquet, a W&B chart."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from codescale.errors import UserError
from codescale.importing.readers.csv_tables import PACKINGS, read_csv
from codescale.importing.readers.event_files import event_files
from codescale.importing.readers.json_tables import parse_json, read_json_rows
from codescale.importing.readers.lm_eval import is_lm_eval, read_lm_eval
from codescale.importing.readers.source_table import SourceTable
from codescale.importing.readers.trainer_state import is_trainer_state, read_trainer_states
from codescale.importing.readers.wandb_chart import chart_rows, is_chart, without_extremes

_JSON = (".json", ".jsonl", ".ndjson")


def read_table(path: Path) -> tuple[SourceTable, list[str]]:
    """The rows of the file ``path``, and what to say of how they were read.

    By its ending JSON Lines (or one list of objects, a trainer state, results of the lm-evaluation-harness), Parquet,
    and CSV for every other one. Raises :class:`UserError` for a file that is none of them.
    """
    endings = [ending.lower() for ending in path.suffixes if ending.lower() not in PACKINGS]
    ending = endings[-1] if endings else ""
    if event_files(path):
        raise UserError(path, "is an event file", "name the folder that it lies in")
    if ending in _JSON:
        content = parse_json(path)
        if is_trainer_state(content):
            return read_trainer_states(path, [path]), []
        if is_lm_eval(content):
            return read_lm_eval(path, [path]), []
        table = read_json_rows(path, content)
    else:
        table = _read_parquet(path) if ending == ".parquet" else read_csv(path)
    table, notes = without_extremes(table)
    return (chart_rows(table) if is_chart(table) else table), notes


def _read_parquet(path: Path) -> SourceTable:
    try:
        table = pa.parquet.read_table(path)
        while any(pa.types.is_struct(field.type) for field in table.schema):
            table = table.flatten()
        names = table.column_names
        decoded = [
            column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
            for column in table.columns
        ]
    except (pa.ArrowException, OSError, UnicodeError) as error:
        detail = " ".join(str(error).split())[:160]
        raise UserError(path, f"cannot be read as Parquet ({detail})", "write the file again") from None
    for name in names:
        if names.count(name) > 1:
            raise UserError(path, f"column {name} occurs twice", "rename or remove one of them")
    return SourceTable(path, dict(zip(names, decoded, strict=True)), table.num_rows)
