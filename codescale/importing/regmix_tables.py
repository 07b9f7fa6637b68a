"""Two CSV files, one of mixtures and one of losses, joined by run: as RegMix (Liu et al., 2024) and Olmix write
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from codescale.errors import UserError
from codescale.importing.columns import short_names
from codescale.importing.csv_tables import numbers, read_csv
from codescale.importing.loss_units import choose
from codescale.runs.records import LOSS, METRIC, PROPORTION
from codescale.runs.units import LossUnit

_RUN_COLUMNS = ("run_id", "run", "index")
_NOT_DATA = {*_RUN_COLUMNS, "name"}


@dataclass(frozen=True)
class Pair:
    """The two files."""

    mixtures: Path
    results: Path


def read_pair(pair: Pair, n_params: float | None, n_tokens: float | None, unit: LossUnit | None = None) -> pa.Table:
    """The runs of both files, joined by ``run_id``, ``run`` or ``index``, else by row, at one N and one D.

    ``unit`` is that of the losses, where a person gave it (:func:`~codescale.importing.loss_units.choose`). Weights
    that do not sum to 1 are refused by the runs table. Raises :class:`UserError` for files that do not fit each other.
    """
    for name, value in (("--params", n_params), ("--tokens", n_tokens)):
        if value is None:
            raise UserError(name, "is missing", "the two files hold neither N nor D: give both, such as --params 1e6")
    mixtures, results = read_csv(pair.mixtures), read_csv(pair.results)
    key = next((name for name in _RUN_COLUMNS if name in mixtures.column_names and name in results.column_names), None)
    names, order = _joined(pair, mixtures, results, key)
    domains = short_names(name for name in mixtures.column_names if name not in _NOT_DATA)
    targets = [name for name in results.column_names if name not in _NOT_DATA]
    if not domains or not targets:
        raise UserError(pair.mixtures if not domains else pair.results, "has no data column", "add one for each domain")
    count = len(names)
    assert n_params is not None
    assert n_tokens is not None
    columns: dict[str, pa.Array] = {
        "run_id": pa.array(names),
        "n_params": pa.array(np.full(count, n_params)),
        "n_tokens": pa.array(np.full(count, n_tokens)),
    }
    for column, short in domains.items():
        columns[PROPORTION + short] = pa.array(numbers(pair.mixtures, mixtures, column))
    chosen = choose(str(pair.results), {name: name for name in targets}, unit)
    for prefix, group in ((LOSS, chosen.losses), (METRIC, chosen.others)):
        for column, short in short_names(group).items():
            values = numbers(pair.results, results, column)[order]
            columns[prefix + short] = pa.array(values, from_pandas=True)
    return chosen.told(pa.table(columns))


def _joined(pair: Pair, mixtures: pa.Table, results: pa.Table, key: str | None) -> tuple[list[str], np.ndarray]:
    """The runs' names, and for each mixture the row of its results."""
    if key is None:
        if mixtures.num_rows != results.num_rows:
            raise UserError(
                pair.results,
                f"has {results.num_rows} rows, {pair.mixtures} has {mixtures.num_rows}, and no column joins them",
                f"add a column {_RUN_COLUMNS[0]} to both",
            )
        return [f"run{row}" for row in range(mixtures.num_rows)], np.arange(mixtures.num_rows)
    wanted = [str(value) for value in mixtures[key].to_pylist()]
    rows: dict[str, int] = {}
    for row, value in enumerate(str(value) for value in results[key].to_pylist()):
        if value in rows:
            raise UserError(f"{pair.results}, row {row + 1}, {key}", f"{value!r} occurs twice", "give each run one row")
        rows[value] = row
    missing = [value for value in wanted if value not in rows]
    if missing:
        raise UserError(f"{pair.results}, {key}", f"has no row for {missing[0]!r}", f"{len(missing)} runs lack results")
    return [f"{key}{value}" if value.isdigit() else value for value in wanted], np.array([rows[v] for v in wanted])
