"""A run: planned (``RunSpec``), recorded (``RunRecord``), and the table of all runs.

For: the records that training leaves, and the table that laws are fitted to, read from any origin. May not: train, fit,
know torch or Ray.

    read_runs  a CSV or Parquet file -> RunsTable
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codescale.lazy_exports import lazy

if TYPE_CHECKING:
    from codescale.runs.records import Evaluation, RunRecord, RunSpec, read_records
    from codescale.runs.table import RunsTable, records_table, write_runs
    from codescale.runs.table_reader import read_runs
    from codescale.runs.units import LossUnit

__all__ = [
    "Evaluation",
    "LossUnit",
    "RunRecord",
    "RunSpec",
    "RunsTable",
    "read_records",
    "read_runs",
    "records_table",
    "write_runs",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "codescale.runs.table_reader": ["read_runs"],
        "codescale.runs.units": ["LossUnit"],
        "codescale.runs.records": ["Evaluation", "RunRecord", "RunSpec", "read_records"],
        "codescale.runs.table": ["RunsTable", "records_table", "write_runs"],
    },
)
