"""What a form is fitted to: the fittable rows of a runs table as plain arrays, one corpus and one recipe.

A runs table may hold runs on several corpora, organisations or hyperparameters. A law fitted across them would be
silently wrong, so :func:`narrow` refuses the mix unless it is told which to take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from codescale.arrays import Array, Integers, Mask
from codescale.errors import UserError
from codescale.laws.warning import RepetitionWarning, warn
from codescale.runs.table import RunsTable
from codescale.runs.units import LossUnit

MOST_ROWS = 20_000
"""Rows that a law is fitted to: more do not sharpen it, and cost memory and time."""

REPEATED = 1.5
"""Epochs over a language's distinct tokens from which a row counts as repeating them."""


@dataclass(frozen=True)
class Observations:
    """``rows`` measured losses: log N, log D (natural logs), shares (rows, domains), log losses (rows, targets).

    ``log_losses`` is NaN where a target was not measured. ``trunk`` numbers the trunks 0, 1, … in order of
    appearance: the unit that a bootstrap resamples and a hold-out takes whole. ``usable`` is false on rows that
    repeat their tokens although rows of the same mixture see fresh ones up to that D or beyond: a law without
    repetition would take the difference for noise. ``unique_tokens`` (rows, domains): distinct tokens, infinite where
    the table does not say. ``path`` is the file, for messages; ``loss_unit`` what the logarithms of losses are of.
    """

    path: str
    domains: tuple[str, ...]
    targets: tuple[str, ...]
    log_params: Array
    log_tokens: Array
    shares: Array
    log_losses: Array
    trunk: Integers
    usable: Mask
    unique_tokens: Array
    loss_unit: LossUnit = LossUnit.NATS_PER_TOKEN

    def __len__(self) -> int:
        return len(self.log_params)

    def rows(self, index: Integers | Mask) -> Observations:
        """The rows that ``index`` names; trunks keep their numbers."""
        by_row = ("log_params", "log_tokens", "shares", "log_losses", "trunk", "usable", "unique_tokens")
        return replace(self, **{name: getattr(self, name)[index] for name in by_row})

    @property
    def own_domain(self) -> Integers:
        """(targets,): the index of the domain that a target is, -1 where it is none."""
        return np.array([self.domains.index(name) if name in self.domains else -1 for name in self.targets])

    @property
    def mixture_index(self) -> Integers:
        """(rows,): numbers the distinct mixtures 0, 1, … in order of appearance."""
        return appearance_index(np.round(self.shares, 6))


def appearance_index(values: NDArray) -> Integers:
    """(rows,): numbers the distinct rows of ``values`` in order of appearance, so that names and column order don't
    matter.
    """
    seen: dict[object, int] = {}
    keys = [row.tobytes() for row in values] if values.ndim > 1 else values.tolist()
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.intp)


def in_additive_unit(table: RunsTable) -> RunsTable:
    """``table`` with perplexities as their logarithms, which are exactly nats, and a line that says so: laws are of
    losses that add up.
    """
    unit = table.loss_unit
    if unit.is_exponential:
        warn(f"{table.path}: losses are {unit}: their natural logarithms, {unit.additive}, are taken")
    return table.in_unit(unit.additive)


def narrow(
    table: RunsTable,
    corpus_id: str | None = None,
    organisation: str | None = None,
    hyper: Mapping[str, float] | None = None,
) -> RunsTable:
    """The fittable rows of a table on one corpus, one organisation and one value of each hyperparameter; perplexities
    as their logarithms (:func:`in_additive_unit`).

    Parameters
    ----------
    table
        The runs.
    corpus_id, organisation
        Which to take; None: the only one that there is.
    hyper
        Values by hyperparameter. An empty cell is a value of its own: the recipe's default.

    Raises
    ------
    UserError
        Where several are left and none was named, or where nothing is left.
    """
    rows = in_additive_unit(table.fittable())
    if len(rows) == 0:
        raise UserError(table.path, "has no row that is ok and annealed", "a law needs finished runs: let some finish")
    for name, column, wanted in (
        ("corpus_id", rows.corpus_id, corpus_id),
        ("organisation", rows.organisation, organisation),
    ):
        keep = np.ones(len(rows), dtype=bool) if wanted is None else column == wanted
        values = sorted({str(value) for value in column[keep]})
        if not values:
            there = ", ".join(sorted({repr(str(value)) for value in column}))
            raise UserError(f"{table.path}, {name}", f"no fittable row has {wanted!r}", f"choose among {there}")
        if len(values) > 1:
            raise UserError(
                f"{table.path}, {name}",
                f"mixes {', '.join(repr(value) for value in values[:4])}",
                f"say which {name} to take: one law over several would be wrong",
            )
        if not keep.all():
            return narrow(rows.select(keep), corpus_id, organisation, hyper)
    return _narrow_hyper(rows, dict(hyper or {}))


def _narrow_hyper(rows: RunsTable, hyper: dict[str, float]) -> RunsTable:
    for name in hyper:
        if name not in rows.hyper:
            known = ", ".join(rows.hyper) or "none"
            raise UserError(f"{rows.path}, hyper.{name}", "there is no such column", f"the table has: {known}")
    for name in rows.hyper:
        column = rows.hyper[name]
        if name in hyper:
            keep = np.isclose(column, hyper[name], rtol=1e-9, equal_nan=True)
            if not keep.any():
                there = ", ".join(f"{value:g}" for value in np.unique(column)[:6])
                raise UserError(
                    f"{rows.path}, hyper.{name}", f"no fittable row has {hyper[name]:g}", f"choose among {there}"
                )
            rows = rows.select(keep)
            continue
        values = np.unique(column)
        if len(values) > 1:
            there = ", ".join("empty" if np.isnan(value) else f"{value:g}" for value in values[:6])
            raise UserError(
                f"{rows.path}, hyper.{name}",
                f"mixes {there}",
                f"say which hyper.{name} to take: one law over several would be wrong",
            )
    return rows


def warn_of_rows(table: RunsTable) -> None:
    """Warns of losses that are not there (empty or NaN) and of rows that are copies of others under another run_id."""
    gaps: Mask = np.isnan(table.losses)
    everywhere: Mask = np.asarray(gaps.all(axis=1), dtype=np.bool_)
    if gaps.any():
        having = [name for name, gap in zip(table.targets, np.asarray(gaps.any(axis=0)), strict=True) if gap]
        shown = ", ".join(having[:4]) + (f" and {len(having) - 4} more" if len(having) > 4 else "")
        warn(f"{table.path}: {gaps.sum():,} of {gaps.size:,} losses are empty or NaN and left out (of {shown})")
    measured = table.select(~everywhere)
    values = np.column_stack(
        [measured.n_params, measured.n_tokens, measured.proportions, np.nan_to_num(measured.losses)]
    )
    copies = len(values) - len(np.unique(values, axis=0))
    if copies:
        warn(
            f"{table.path}: {copies:,} rows have the N, D, shares and losses of another row: under other ids they count"
            " again; remove copies"
        )


def thin(table: RunsTable, seed: int) -> RunsTable:
    """``table``, or of a larger one :data:`MOST_ROWS` rows at random, at least half of them runs' last rows."""
    if len(table) <= MOST_ROWS:
        return table
    warn(f"{table.path}: fitted to {MOST_ROWS:,} of {len(table):,} rows, half of them runs' last, half at random")
    order = np.random.default_rng(seed).permutation(len(table))
    by_length = order[np.argsort(-table.n_tokens[order], kind="stable")]
    trunks = appearance_index(table.trunk)
    is_last = np.zeros(len(table), dtype=bool)
    is_last[by_length[np.unique(trunks[by_length], return_index=True)[1]]] = True
    last = order[is_last[order]][: MOST_ROWS // 2]
    others = order[~np.isin(order, last)][: MOST_ROWS - len(last)]
    return table.select(np.sort(np.concatenate([last, others])))


def epochs(table: RunsTable) -> Array:
    """(rows,): how often a row has seen its most repeated language; 1 where the distinct tokens are not known."""
    result = np.ones(len(table))
    for k, domain in enumerate(table.domains):
        unique = table.unique_tokens.get(domain)
        if unique is None:
            continue
        seen = table.proportions[:, k] * table.n_tokens
        known = (unique > 0) & (seen > 0)
        ratio = np.divide(seen, unique, out=np.ones(len(table)), where=known)
        result = np.maximum(result, ratio)
    return result


def observe(table: RunsTable) -> Observations:
    """The rows of ``table`` (see :func:`narrow`) as arrays; rows without any loss are left out.

    Raises :class:`UserError` where no row has a loss.
    """
    measured: Mask = np.asarray(~np.isnan(table.losses).all(axis=1), dtype=np.bool_)
    if not measured.any():
        raise UserError(table.path, "no fittable row has a loss", "fill in loss.<target> for the runs to fit")
    rows = table.select(measured)
    seen = epochs(rows)
    mixture = appearance_index(np.round(rows.proportions, 6))
    fresh = seen < REPEATED
    longest_fresh = np.zeros(mixture.max() + 1)
    np.maximum.at(longest_fresh, mixture[fresh], rows.n_tokens[fresh])
    return Observations(
        path=table.path,
        domains=rows.domains,
        targets=rows.targets,
        log_params=np.log(rows.n_params),
        log_tokens=np.log(rows.n_tokens),
        shares=rows.proportions,
        log_losses=np.log(rows.losses),
        trunk=appearance_index(rows.trunk),
        usable=fresh | (rows.n_tokens > 1.02 * longest_fresh[mixture]),
        unique_tokens=distinct_tokens(rows, rows.domains),
        loss_unit=rows.loss_unit,
    )


def warn_of_repetition(data: Observations) -> None:
    """Warns (:class:`RepetitionWarning`) of rows that repeat their tokens and stay, in a fit without repetition: it
    counts all of them as fresh.
    """
    seen = np.exp(data.log_tokens)[:, None] * data.shares / data.unique_tokens
    most = seen.max(axis=1)
    kept = data.usable & (most >= REPEATED)
    if kept.any():
        warn(
            f"{data.path}: {kept.sum():,} of {len(data):,} rows see tokens again, up to {most[kept].max():.1f} epochs,"
            " and count as fresh, so the law errs where more are fresh or more repeat: fit this table with --repetition"
            " (in Python repetition=True)",
            RepetitionWarning,
        )


def spread_rows(data: Observations, most: int) -> tuple[Integers, Array]:
    """About ``most`` rows, evenly over each trunk with its last one, and how many rows each stands for.

    Rows of one trunk are points of one curve and share its luck, so few of them tell as much as all. No trunk is left
    out, and of a table of single rows each stays.
    """
    trunks = np.bincount(data.trunk)
    if len(data) <= most or trunks.max() == 1:
        return np.arange(len(data)), np.ones(len(data))
    each = max(int(most / len(trunks)), 1)
    kept, stands_for = [], []
    for trunk in range(len(trunks)):
        own = np.flatnonzero(data.trunk == trunk)
        own = own[np.argsort(data.log_tokens[own], kind="stable")]
        places = np.unique(np.linspace(len(own) - 1, 0, min(each, len(own))).round().astype(int))
        kept.append(own[places])
        stands_for.append(np.full(len(places), len(own) / len(places)))
    index = np.concatenate(kept)
    order = np.argsort(index)
    return index[order], np.concatenate(stands_for)[order]


def distinct_tokens(table: RunsTable, domains: Sequence[str]) -> Array:
    """(rows, domains): distinct tokens of each domain; infinite where the table does not say, or says 0."""
    columns = [table.unique_tokens.get(name, np.full(len(table), np.nan)) for name in domains]
    unique = np.column_stack(columns)
    return np.asarray(np.where(np.isfinite(unique) & (unique > 0), unique, np.inf))
