"""Two CSV files, one of mixtures and one of results, joined by run: as RegMix (Liu et al., 2024) and Olmix write
them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from codescale.errors import UserError
from codescale.importing.columns import Columns, matching, short_names
from codescale.importing.contract.targets import data_columns
from codescale.importing.joined_rows import JoinedRows, missing
from codescale.importing.readers.source_table import SourceTable
from codescale.importing.readers.tables import read_table

_KEYS = ("run_id", "run", "index", "name", "Name")


@dataclass(frozen=True)
class Pair:
    """The two files."""

    mixtures: Path
    results: Path


@dataclass(frozen=True)
class JoinedPair:
    """The rows of both files, where their columns are, and what to say of them."""

    rows: JoinedRows
    columns: Columns
    notes: list[str]


def read_pair(pair: Pair, columns: Columns) -> JoinedPair:
    """The results of ``pair``, in the order of its mixtures: joined by the column that ``columns`` names, by
    ``run_id``, ``run``, ``index`` or ``name`` where both have it, else by row.

    Raises :class:`UserError` for files that do not fit each other.
    """
    mixtures, notes = read_table(pair.mixtures)
    results, more = read_table(pair.results)
    key = _key(mixtures, results, columns)
    shares = _shares(mixtures, columns)
    names, mixture_rows, result_rows, said = _joined(mixtures, results, key)
    source = results.take(result_rows)
    source = replace(source, cells={**source.cells, "run_id": names})
    columns = columns.model_copy(update={"run_id": "run_id", "proportions": shares})
    rows = JoinedRows(source, mixtures, np.array(mixture_rows, dtype=np.intp))
    return JoinedPair(rows, columns, notes + more + said)


def _key(mixtures: SourceTable, results: SourceTable, columns: Columns) -> str | None:
    if columns.run_id is not None:
        for table in (mixtures, results):
            if columns.run_id not in table.cells:
                raise missing(table, "run_id", columns.run_id)
        return columns.run_id
    return next((name for name in _KEYS if name in mixtures.cells and name in results.cells), None)


def _shares(mixtures: SourceTable, columns: Columns) -> dict[str, str]:
    """Domain to column of the mixtures."""
    if columns.given("proportions"):
        found = matching(columns.proportions, mixtures.names)
        asked = columns.proportions
        absent = [one for one in asked.values() if one not in mixtures.cells] if isinstance(asked, dict) else []
        if absent or not found:
            raise missing(mixtures, "proportions", absent[0] if absent else str(asked))
        return found
    found = matching("proportion.*", mixtures.names)
    if not found:
        found = {short: name for name, short in short_names(data_columns(mixtures, columns)).items()}
    if not found:
        raise UserError(mixtures.path, "has no data column", "add one for each domain")
    return found


def _joined(
    mixtures: SourceTable, results: SourceTable, key: str | None
) -> tuple[list[str], list[int], list[int], list[str]]:
    """The runs' names, the rows of their mixtures and of their results, in the order of the mixtures; and a word on
    results that have no mixture, and on rows that no name joins.
    """
    if key is None:
        if len(mixtures) != len(results):
            raise UserError(
                results.path,
                f"has {len(results)} rows, {mixtures.path} has {len(mixtures)}, and no column joins them",
                f"add a column {_KEYS[0]} to both",
            )
        rows = list(range(len(mixtures)))
        note = f"{results.path}: joined to {mixtures.path} row by row, since no column names the runs in both"
        return [f"run{row}" for row in rows], rows, rows, [note]
    wanted = mixtures.text(key)
    _check_key(mixtures, key, wanted)
    found: dict[str, list[int]] = {}
    for row, value in enumerate(results.text(key)):
        found.setdefault(value, []).append(row)
    missing_runs = [value for value in wanted if value not in found]
    if missing_runs:
        problem = f"has no row for {missing_runs[0]!r}, as for {len(missing_runs):,} of {len(wanted):,} runs"
        hint = f"add their results, or take their rows out of {mixtures.path.name}"
        raise UserError(f"{results.path}, {key}", problem, hint)
    pairs = [(row, other) for row, value in enumerate(wanted) for other in found[value]]
    number = "" if key == _KEYS[0] else key
    names = [f"{number}{wanted[row]}" if wanted[row].isdigit() else wanted[row] for row, _ in pairs]
    left = len(results) - len(pairs)
    notes = [f"{results.path}: left out {left:,} rows whose run has no mixture"] if left else []
    return names, [row for row, _ in pairs], [other for _, other in pairs], notes


def _check_key(mixtures: SourceTable, key: str, values: Sequence[str]) -> None:
    seen: set[str] = set()
    for row, value in enumerate(values):
        if value in seen or not value:
            problem = f"{value!r} occurs twice" if value else "is empty"
            raise UserError(mixtures.where(row, key), problem, "give each run one mixture, and one name")
        seen.add(value)
