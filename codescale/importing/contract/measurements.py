"""What was measured: one rule for numbers that are none, rows of one step joined, which rows end a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.importing.joined_rows import JoinedRows

_END = 0.99
"""Of a run's last D: what was measured there was measured at its end, be it a few log calls before another target."""


@dataclass(frozen=True)
class Measurements:
    """Losses and metrics of rows: (rows, targets) and (rows, metrics), NaN where not measured.

    ``no_number``: (rows,), where the losses that were measured are no numbers.
    """

    losses: Array
    metrics: Array
    no_number: NDArray[np.bool_]

    @property
    def measured(self) -> NDArray[np.bool_]:
        """(rows,): where something was measured, be it that a loss is no number."""
        return self.no_number | np.isfinite(self.losses).any(axis=1) | np.isfinite(self.metrics).any(axis=1)

    def take(self, keep: NDArray[np.intp]) -> Measurements:
        """The rows ``keep``."""
        return Measurements(self.losses[keep], self.metrics[keep], self.no_number[keep])


def read_measurements(
    rows: JoinedRows, run_ids: NDArray[np.object_], losses: list[str], metrics: list[str], tokens: Array
) -> tuple[Measurements, list[str]]:
    """The columns ``losses`` and ``metrics``, and what to say of them.

    A metric decides nothing. An infinite loss is no number. A NaN is no number in a row whose other losses are none
    either; beside a number it was not logged. Where a run has numbers after such a row, NaN stands for not logged in
    the whole table. Raises :class:`UserError` for a loss of 0 or less.
    """
    values = _matrix(rows, losses)
    for k, column in enumerate(losses):
        wrong = np.isfinite(values[:, k]) & (values[:, k] <= 0)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            problem = f"{values[row, k]:g} is not a loss (negative or zero)"
            raise UserError(rows.where(row, column), problem, "leave it empty where not measured")
    finite = np.asarray(np.isfinite(values).any(axis=1))
    infinite = np.asarray(np.isinf(values).any(axis=1))
    logged = np.column_stack(
        [~rows.source.empty(column) for column in losses] or [np.zeros((len(rows), 0), dtype=bool)]
    )
    not_a_number = np.asarray((np.isnan(values) & logged).any(axis=1)) & ~finite & ~infinite
    notes = []
    if not_a_number.any() and _is_padding(run_ids, tokens, not_a_number, finite):
        notes.append(f"{rows.path}: NaN is taken for not logged, since runs have losses after it")
        ever = {name for name, one in zip(run_ids, finite, strict=True) if one}
        not_a_number &= np.array([name not in ever for name in run_ids], dtype=bool)
    if (infinite | not_a_number).any():
        count = int((infinite | not_a_number).sum())
        notes.append(f"{rows.path}: {count:,} rows have a loss that is no number: runs that end so are diverged")
    figures = _matrix(rows, metrics)
    return (
        Measurements(
            np.where(np.isfinite(values), values, np.nan),
            np.where(np.isfinite(figures), figures, np.nan),
            infinite | not_a_number,
        ),
        notes,
    )


def _matrix(rows: JoinedRows, columns: list[str]) -> Array:
    return np.column_stack([rows.numbers(column) for column in columns] or [np.empty((len(rows), 0))])


def _is_padding(
    run_ids: NDArray[np.object_], tokens: Array, not_a_number: NDArray[np.bool_], finite: NDArray[np.bool_]
) -> bool:
    """Whether some run has numbers after a row that has none: NaN then fills rows between evaluations."""
    first: dict[str, float] = {}
    for row in np.flatnonzero(not_a_number):
        first[run_ids[row]] = min(first.get(run_ids[row], np.inf), tokens[row])
    return any(tokens[row] > first.get(run_ids[row], np.inf) for row in np.flatnonzero(finite))


def joined_by_step(
    rows: JoinedRows, run_ids: NDArray[np.object_], tokens: Array, given: Measurements, columns: list[str]
) -> tuple[NDArray[np.intp], Measurements]:
    """One row for each run and D: the indices of the first rows, and what all rows of each measured.

    Raises :class:`UserError` where two rows of one run and D measured different things.
    """
    values = np.column_stack([given.losses, given.metrics])
    no_number = given.no_number.copy()
    first: dict[tuple[str, float], int] = {}
    for row, key in enumerate(zip(run_ids, tokens, strict=True)):
        before = first.setdefault(key, row)
        if before == row:
            continue
        other = np.isfinite(values[row]) & np.isfinite(values[before]) & (values[row] != values[before])
        if other.any():
            column = columns[int(np.flatnonzero(other)[0])]
            problem = f"differs from {rows.source.row_name(before)}, run {key[0]} at the same {key[1]:.6g} tokens"
            hint = "remove one, or name in columns.yaml what tells them apart (id for runs, step for evaluations)"
            raise UserError(rows.source.where(row, column), problem, hint)
        values[before] = np.where(np.isfinite(values[before]), values[before], values[row])
        no_number[before] |= no_number[row]
    kept = np.array(sorted(first.values()), dtype=np.intp)
    targets = given.losses.shape[1]
    return kept, Measurements(values[kept, :targets], values[kept, targets:], no_number[kept])


def diverged_runs(run_ids: NDArray[np.object_], tokens: Array, given: Measurements) -> set[str]:
    """The runs whose last losses are no numbers."""
    last: dict[str, tuple[float, bool]] = {}
    for row in np.flatnonzero(given.no_number | np.isfinite(given.losses).any(axis=1)):
        found = (float(tokens[row]), bool(given.no_number[row]))
        last[run_ids[row]] = max(last.get(run_ids[row], found), found, key=lambda one: one[0])
    return {name for name, (_, no_number) in last.items() if no_number}


def ends_of_runs(run_ids: NDArray[np.object_], tokens: Array, given: Measurements) -> NDArray[np.bool_]:
    """(rows,): the last evaluation of each run: the rows at its end that measured some target for the last time."""
    end: dict[str, float] = {}
    for name, count in zip(run_ids, tokens, strict=True):
        end[name] = max(end.get(name, 0.0), count)
    values = np.column_stack([given.losses, given.metrics])
    seen: dict[str, NDArray[np.bool_]] = {}
    ends = np.zeros(len(tokens), dtype=bool)
    for row in np.argsort(-tokens, kind="stable"):
        name, measured = run_ids[row], np.isfinite(values[row])
        before = seen.setdefault(name, np.zeros(values.shape[1], dtype=bool))
        if tokens[row] == end[name] or (tokens[row] >= _END * end[name] and (measured & ~before).any()):
            ends[row] = True
        before |= measured
    return ends
