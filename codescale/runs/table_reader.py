"""The runs table as a person gives it, CSV or Parquet: every column checked, every mistake named."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.mixtures.mixture import SUM_TOLERANCE
from codescale.runs.records import HYPER, LOSS, METRIC, PROPORTION, UNIQUE
from codescale.runs.table import LOSS_UNIT, STATUSES, RunsTable
from codescale.runs.units import LossUnit, parse_unit

_TEXTS = ("run_id", "parent_run_id", "status", "organisation", "corpus_id", LOSS_UNIT)


def _load(path: Path) -> pa.Table:
    if not path.exists():
        raise UserError(path, "no such file", "check the path")
    if path.is_dir():
        raise UserError(path, "is a folder", "name a runs table (CSV or Parquet)")
    try:
        if path.suffix.lower() == ".parquet":
            return pa.parquet.read_table(path)
        text = {name: pa.string() for name in _TEXTS}
        table = pa.csv.read_csv(
            path, convert_options=pa.csv.ConvertOptions(column_types=text, strings_can_be_null=True)
        )
        names = table.column_names  # raises where one is no UTF-8
        if len(names) == 1 and any(mark in names[0] for mark in ";\t"):
            raise UserError(path, "is separated by semicolons or tabs", "separate its columns by commas")
        return table
    except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeError) as error:
        detail = re.sub(r"\s+", " ", str(error))[:160]
        raise UserError(path, f"cannot be read as a runs table ({detail})", "give a CSV or Parquet file") from None
    except OSError as error:
        raise UserError(path, f"cannot be read ({error})", "check the file and its permissions") from None


class _TableColumns:
    """Typed columns of a table, with the file and the row named where one is wrong. Rows count from 1, header aside."""

    def __init__(self, path: Path, table: pa.Table) -> None:
        self.path, self.table = path, table
        duplicates = {name for name in table.column_names if table.column_names.count(name) > 1}
        if duplicates:
            raise UserError(path, f"column {min(duplicates)} occurs twice", "rename or remove one of them")

    def named(self, prefix: str) -> list[str]:
        return [name for name in self.table.column_names if name.startswith(prefix) and len(name) > len(prefix)]

    def number(self, name: str) -> Array:
        try:
            column = pc.cast(self.table[name], pa.float64())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            row = self._first_not_a_number(name)
            value = str(self.table[name][row].as_py())[:40]
            raise UserError(
                f"{self.path}, row {row + 1}, {name}", f"{value!r} is not a number", "give a number or leave it empty"
            ) from None
        return pc.fill_null(column, np.nan).to_numpy().astype(np.float64)

    def _first_not_a_number(self, name: str) -> int:
        for row, value in enumerate(self.table[name].to_pylist()):
            try:
                float(value if value is not None else 0)
            except (TypeError, ValueError):
                return row
        return 0

    def text(self, name: str, default: str) -> NDArray[np.object_]:
        if name not in self.table.column_names:
            return np.full(self.table.num_rows, default, dtype=object)
        column = pc.fill_null(pc.cast(self.table[name], pa.large_string()), default)
        encoded = column.combine_chunks().dictionary_encode()  # a string is made once, however many rows have it
        words = np.array([value or default for value in encoded.dictionary.to_pylist()] or [""], dtype=object)
        return words[encoded.indices.to_numpy(zero_copy_only=False)]

    def truth(self, name: str, default: bool) -> NDArray[np.bool_]:
        words = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False, "": default}
        values, inverse = np.unique(self.text(name, "").astype(str), return_inverse=True)
        cleaned = [value.strip().lower() for value in values]
        wrong = np.isin(inverse, [k for k, value in enumerate(cleaned) if value not in words])
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            shown = str(values[inverse[row]]).strip().lower()
            raise UserError(f"{self.path}, row {row + 1}, {name}", f"{shown!r} is not true or false", "write one")
        return np.array([words.get(value, default) for value in cleaned] or [default], dtype=bool)[inverse]

    def check(self, name: str, wrong: NDArray[np.bool_], problem: str, hint: str) -> None:
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            more = f" (and in {int(wrong.sum()) - 1:,} more rows)" if wrong.sum() > 1 else ""
            raise UserError(f"{self.path}, row {row + 1}, {name}", problem + more, hint)


def _check_duplicates(columns: _TableColumns, run_id: NDArray[np.object_], n_tokens: Array) -> None:
    codes = pa.array(run_id, type=pa.large_string()).dictionary_encode().indices.to_numpy(zero_copy_only=False)
    order = np.lexsort((n_tokens, codes))
    same = (np.diff(codes[order]) == 0) & (np.diff(n_tokens[order]) == 0)
    if not same.any():
        return
    seen: dict[tuple[str, float], int] = {}
    for row, key in enumerate(zip(run_id, n_tokens, strict=True)):
        if key in seen:
            raise UserError(
                f"{columns.path}, row {row + 1}",
                f"repeats row {seen[key] + 1} (run {key[0]} at {key[1]:.6g} tokens)",
                "remove one of them, or give the runs different ids",
            )
        seen[key] = row


def _check_names(columns: _TableColumns) -> None:
    """Raises :class:`UserError` where a column that every table has is missing, or there is no row."""
    for name in ("run_id", "n_params", "n_tokens"):
        if name not in columns.table.column_names:
            raise UserError(columns.path, f"has no column {name}", "add it; docs/runs-table.md lists the columns")
    if columns.table.num_rows == 0:
        raise UserError(columns.path, "has no rows", "give at least one evaluation of a run")
    if not columns.named(PROPORTION):
        problem = f"has no column {PROPORTION}<name>"
        raise UserError(columns.path, problem, "add one; docs/runs-table.md lists the columns")


def _proportions(columns: _TableColumns) -> Array:
    """(rows, domains): shares, scaled to sum 1."""
    names = columns.named(PROPORTION)
    proportions = np.column_stack([columns.number(name) for name in names])
    for k, name in enumerate(names):
        wrong = ~(np.isfinite(proportions[:, k]) & (proportions[:, k] >= 0))
        columns.check(name, wrong, "is not a share (empty, negative or infinite)", "write 0 where a language has none")
    totals = proportions.sum(axis=1)
    off = np.abs(totals - 1.0) > SUM_TOLERANCE
    if off.any():
        row = int(np.flatnonzero(off)[0])
        problem = f"the proportions sum to {totals[row]:.6g}, not 1"
        raise UserError(f"{columns.path}, row {row + 1}", problem, "correct the shares of this row")
    return proportions / totals[:, None]


def _losses(columns: _TableColumns, rows: int) -> Array:
    """(rows, targets): losses in whatever unit, NaN where not measured."""
    names = columns.named(LOSS)
    losses = np.column_stack([columns.number(name) for name in names] or [np.empty((rows, 0))])
    for k, name in enumerate(names):
        wrong = ~np.isnan(losses[:, k]) & ~((losses[:, k] > 0) & np.isfinite(losses[:, k]))
        columns.check(name, wrong, "is not a loss (negative, zero or infinite)", "leave it empty where not measured")
    return losses


def _loss_unit(columns: _TableColumns, losses: Array) -> LossUnit:
    """The one unit of ``losses`` (rows, targets): what the rows that measure one say, nats per token where they don't.

    Where none is measured, what all rows say: predictions of planned runs have a unit too.
    """
    measured = ~np.isnan(losses).all(axis=1)
    rows = np.flatnonzero(measured if measured.any() else ~measured)
    words, first = np.unique(columns.text(LOSS_UNIT, "")[rows].astype(str), return_index=True)
    found: dict[LossUnit, int] = {}
    for word, row in sorted(zip(words.tolist(), rows[first].tolist(), strict=True), key=lambda one: one[1]):
        where = f"{columns.path}, row {row + 1}, {LOSS_UNIT}"
        unit = parse_unit(word, where) if word.strip() else LossUnit.NATS_PER_TOKEN
        if found and unit not in found:
            (one, before), *_ = found.items()
            raise UserError(
                where,
                f"the losses are in {unit}, those of row {before + 1} in {one}",
                "give all in one unit (codescale import converts where it is told bytes_per_token), or make two tables",
            )
        found.setdefault(unit, row)
    unit = next(iter(found), LossUnit.NATS_PER_TOKEN)
    for k, name in enumerate(columns.named(LOSS) if unit.is_exponential else ()):
        columns.check(name, losses[:, k] <= 1, f"is no {unit}: that is above 1", f"correct it, or {LOSS_UNIT}")
    return unit


def read_runs(path: str | Path) -> RunsTable:
    """Reads a runs table; one without losses holds planned runs, for a law to predict.

    Parameters
    ----------
    path
        A CSV or Parquet file, by its ending (docs/runs-table.md).

    Returns
    -------
    RunsTable
        Its columns as arrays, shares scaled to sum 1 exactly.

    Raises
    ------
    UserError
        Names file, row and column of: a missing column, a value that is not a number, sizes or tokens that are not
        positive, proportions that are negative or do not sum to 1 within 1e-3, a loss that is negative or infinite, an
        unknown status, losses in an unknown unit or in several, a row that repeats another.
    """
    path = Path(path)
    table = _load(path)
    columns = _TableColumns(path, table)
    _check_names(columns)
    run_id = columns.text("run_id", "")
    columns.check("run_id", run_id == "", "is empty", "give every row the id of its run")
    counts = {}
    for name in ("n_params", "n_tokens"):
        counts[name] = columns.number(name)
        wrong = ~(np.isfinite(counts[name]) & (counts[name] > 0))
        columns.check(name, wrong, "is not a positive number", "give a count above 0")
    proportions, losses = _proportions(columns), _losses(columns, len(run_id))
    _check_duplicates(columns, run_id, counts["n_tokens"])
    status = columns.text("status", "ok")
    columns.check("status", ~np.isin(status, STATUSES), "is not a status", f"write one of {', '.join(STATUSES)}")
    parent = columns.text("parent_run_id", "")

    def optional(name: str) -> Array:
        return columns.number(name) if name in table.column_names else np.full(len(run_id), np.nan)

    def group(prefix: str) -> dict[str, Array]:
        return {name.removeprefix(prefix): columns.number(name) for name in columns.named(prefix)}

    return RunsTable(
        path=str(path),
        domains=tuple(name.removeprefix(PROPORTION) for name in columns.named(PROPORTION)),
        targets=tuple(name.removeprefix(LOSS) for name in columns.named(LOSS)),
        run_id=run_id,
        trunk=np.where(parent == "", run_id, parent),
        n_params=counts["n_params"],
        n_tokens=counts["n_tokens"],
        proportions=proportions,
        losses=losses,
        status=status,
        annealed=columns.truth("annealed", True),
        seed=optional("seed"),
        organisation=columns.text("organisation", "shuffled"),
        corpus_id=columns.text("corpus_id", ""),
        flops=optional("flops"),
        metrics=group(METRIC),
        hyper=group(HYPER),
        unique_tokens=group(UNIQUE),
        table=table,
        loss_unit=_loss_unit(columns, losses),
    )
