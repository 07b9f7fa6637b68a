"""Importing: other people's results as a runs table.

For: pairs of CSV files as RegMix and Olmix write them, W&B exports, TensorBoard event files. May not: fit, train, know
torch or Ray, unpickle. Its sources are untrusted text and numbers; what it writes is read back by
`codescale.runs.read_runs`.

    import_runs  a folder or a pair of tables -> runs table
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
