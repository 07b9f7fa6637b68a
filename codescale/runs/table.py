"""The runs table: one row per evaluation of a run, as arrays; written from records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from codescale.errors import UserError
from codescale.files import replacing
from codescale.mixtures.mixture import Mixture
from codescale.organisation import Organisation
from codescale.runs.records import HYPER, LOSS, METRIC, PHASE, PROPORTION, RETRY, UNIQUE, RunRecord, Status
from codescale.runs.units import LossUnit, converted

RUNNING = "running"
"""The status of a run that is under way: no record has it, a table may."""
STATUSES: tuple[str, ...] = (*get_args(Status), RUNNING)
LOSS_UNIT = "loss_unit"
"""The column that says what unit the losses are in, where that is not nats per token."""
_AT_ONCE = 200
"""Records whose rows stand in memory together on their way into a table, twenty times as large as in it."""


def records_table(records: Iterable[RunRecord]) -> pa.Table:
    """The runs table of ``records``: contract columns first, then the others, languages in order of appearance."""
    waiting = iter(records)
    parts = []
    while some := list(islice(waiting, _AT_ONCE)):
        parts.append(_laid_out(some))
    table = pa.concat_tables(parts or [pa.table({})], promote_options="permissive")
    first = ["run_id", "parent_run_id", "stage", "size", "status", "annealed", "n_params", "n_tokens"]

    def rank(name: str) -> int:
        prefixes = [PROPORTION, PHASE, LOSS, METRIC, UNIQUE, HYPER]
        if name in first:
            return first.index(name)
        return next((len(first) + k for k, prefix in enumerate(prefixes) if name.startswith(prefix)), 99)

    columns = {name: table[name].combine_chunks() for name in sorted(table.column_names, key=rank)}
    missing = {name: pc.fill_null(column, 0.0) for name, column in columns.items() if name.startswith(PROPORTION)}
    return pa.table(columns | missing)


def _laid_out(records: Sequence[RunRecord]) -> pa.Table:
    """The rows of ``records``, columns in order of appearance, null where a record has no such column."""
    rows = [row for record in records for row in record.rows()]
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.table({name: pa.array([row.get(name) for row in rows]) for name in names})


def check_ending(path: str | Path) -> None:
    """Raises :class:`UserError` where the name of a runs table says neither CSV nor Parquet."""
    if Path(path).suffix.lower() not in (".csv", ".parquet"):
        raise UserError(path, "has no ending that says its format", "end it in .csv or .parquet")


def write_runs(path: str | Path, table: pa.Table) -> None:
    """Writes a runs table atomically, as CSV or Parquet by the ending of ``path``. Raises as :func:`check_ending`."""
    check_ending(path)
    with replacing(path) as temporary:
        if Path(path).suffix.lower() == ".csv":
            pa.csv.write_csv(table, temporary)
        else:
            pa.parquet.write_table(table, temporary)


def with_unit(table: pa.Table, unit: LossUnit) -> pa.Table:
    """``table`` that says that its losses are in ``unit``."""
    column = pa.array([unit.value] * table.num_rows, type=pa.string())
    if LOSS_UNIT in table.column_names:
        return table.set_column(table.column_names.index(LOSS_UNIT), LOSS_UNIT, column)
    return table.append_column(LOSS_UNIT, column)


@dataclass(frozen=True)
class RunsTable:
    """A runs table in memory: ``rows`` evaluations of runs over ``domains``, measured on ``targets``.

    Arrays have one entry a row; ``proportions`` is (rows, domains) with rows that sum to 1, ``losses`` (rows, targets)
    in ``loss_unit`` with NaN where not measured. ``trunk`` is what a bootstrap resamples: the parent run's id where
    there is one, else the run's own. ``hyper``, ``metrics`` and ``unique_tokens`` hold one array a column (NaN where
    empty).
    ``table`` is what was read, unknown columns included, row for row.
    """

    path: str
    domains: tuple[str, ...]
    targets: tuple[str, ...]
    run_id: NDArray[np.object_]
    trunk: NDArray[np.object_]
    n_params: NDArray[np.float64]
    n_tokens: NDArray[np.float64]
    proportions: NDArray[np.float64]
    losses: NDArray[np.float64]
    status: NDArray[np.object_]
    annealed: NDArray[np.bool_]
    seed: NDArray[np.float64]
    organisation: NDArray[np.object_]
    corpus_id: NDArray[np.object_]
    flops: NDArray[np.float64]
    metrics: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    hyper: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    unique_tokens: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    table: pa.Table = field(default=None, repr=False)
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN

    def __len__(self) -> int:
        return len(self.run_id)

    def organised(self, organisation: Organisation) -> RunsTable:
        """The rows of runs that were organised so, where some were not: a law is of one organisation."""
        return self if len(set(self.organisation)) < 2 else self.select(self.organisation == organisation)

    def select(self, keep: NDArray[np.bool_] | NDArray[np.intp]) -> RunsTable:
        """The rows that ``keep`` (a mask, or indices) names, in that order."""
        index = np.flatnonzero(keep) if np.asarray(keep).dtype == bool else np.asarray(keep)
        arrays: dict[str, Any] = {
            name: getattr(self, name)[index]
            for name in (
                "run_id",
                "trunk",
                "n_params",
                "n_tokens",
                "proportions",
                "losses",
                "status",
                "annealed",
                "seed",
                "organisation",
                "corpus_id",
                "flops",
            )
        }
        groups: dict[str, Any] = {
            name: {key: column[index] for key, column in getattr(self, name).items()}
            for name in ("metrics", "hyper", "unique_tokens")
        }
        return replace(self, **arrays, **groups, table=self.table.take(pa.array(index)))

    def fittable(self) -> RunsTable:
        """The rows that a law may be fitted to: status ``ok`` and annealed (docs/runs-table.md).

        Raises :class:`UserError` where the table measures no loss at all.
        """
        if not self.targets:
            raise UserError(self.path, f"has no column {LOSS}<name>", "add one; docs/runs-table.md lists the columns")
        return self.select((self.status == "ok") & self.annealed)

    @property
    def has_losses(self) -> bool:
        """Whether any loss was measured, so that the table's unit means something."""
        return bool(np.isfinite(self.losses).any())

    def in_unit(self, unit: LossUnit, bytes_per_token: Mapping[str, float] | None = None) -> RunsTable:
        """The same with losses in ``unit``, in ``table`` as well.

        ``bytes_per_token`` of every target are needed from a unit per token to one per byte, or back: without them
        ``ValueError`` is raised, and ``KeyError`` for a target that they lack.
        """
        if unit is self.loss_unit:
            return self
        sizes = None if bytes_per_token is None else np.array([bytes_per_token[name] for name in self.targets])
        losses, table = converted(self.losses, self.loss_unit, unit, sizes), self.table
        for k, name in enumerate(self.targets):
            place = table.column_names.index(LOSS + name)
            table = table.set_column(place, LOSS + name, pa.array(losses[:, k], from_pandas=True))
        return replace(self, losses=losses, table=with_unit(table, unit), loss_unit=unit)

    @cached_property
    def retried(self) -> NDArray[np.bool_]:
        """Which rows are of a second try at a lower learning rate: not the losses that were planned."""
        return np.array([str(trunk).endswith(RETRY) for trunk in self.trunk], dtype=bool)

    @cached_property
    def mixtures(self) -> list[Mixture]:
        """The mixture of every row."""
        return [Mixture.from_array(self.domains, row) for row in self.proportions]


def compact(records: Sequence[RunRecord], path: str | Path) -> None:
    """Writes the runs table of ``records`` to ``path``; nothing where there are no records."""
    if records:
        write_runs(path, records_table(records))
