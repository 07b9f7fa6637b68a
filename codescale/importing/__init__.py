"""Importing: other people's results as a runs table.

For: pairs of files as RegMix and Olmix write them, exports of W&B and others, TensorBoard event files, trainer states,
results of the lm-evaluation-harness. May not: fit, train, know torch or Ray, unpickle. Its sources are untrusted text
and numbers; what it writes is read back by `codescale.runs.read_runs`.

    import_runs   a file, a folder or a pair of tables -> runs table
    readers       each format as rows of cells
    contract      each column of the runs table found in such rows, by one rule for all sources
    evaluations   rows that measure something, those of one step joined, as a runs table
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codescale.lazy_exports import lazy

if TYPE_CHECKING:
    from codescale.importing.columns import Columns, read_columns
    from codescale.importing.sources import import_runs

__all__ = [
    "Columns",
    "import_runs",
    "read_columns",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "codescale.importing.columns": ["Columns", "read_columns"],
        "codescale.importing.sources": ["import_runs"],
    },
)
