"""What the next runs of a table are for: a space, an objective, and the scale of a trial, said by a few words or found
in the table itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codescale.arrays import Array, Mask
from codescale.errors import UserError
from codescale.laws.observations import in_additive_unit
from codescale.mixtures.no_harm import ResolvedNoHarm
from codescale.organisation import ORGANISATION, SHUFFLED, Organisation, number_of
from codescale.runs.table import RUNNING, RunsTable
from codescale.search.bayesopt.dataset import LogScale, same_scale
from codescale.search.objective.objective import Objective
from codescale.search.objective.problem import ModelScale
from codescale.search.space.reference import resolved_no_harm
from codescale.search.space.space import SearchPoint, SearchSpace, load_space
from codescale.study.languages import default_weights, load_registry


@dataclass(frozen=True)
class TableQuestion:
    """What is asked of a table.

    Parameters
    ----------
    space
        What may vary.
    objective
        What is minimised, in the table's unit.
    proxy
        The scale of a trial: N and D of the next runs.
    target
        The scale that the mixture is for.
    seed
        Decides the suggestions.
    organisation
        Of the data, where the space does not free it.
    no_harm
        The space's rule with its reference; None without one.
    """

    space: SearchSpace
    objective: Objective
    proxy: ModelScale
    target: ModelScale
    seed: int
    organisation: Organisation = SHUFFLED
    no_harm: ResolvedNoHarm | None = None

    @property
    def weights(self) -> dict[str, float]:
        """Of each loss, by which a law is asked."""
        return self.objective.weights

    @property
    def log_scale(self) -> LogScale:
        """Of a trial."""
        return LogScale(float(np.log(self.proxy.n_params)), float(np.log(self.proxy.n_tokens)))

    @cached_property
    def usual_hyper(self) -> dict[str, float]:
        """What a run was trained with where its row does not say: a learning-rate factor of 1, the data's organisation,
        and the middle of every other range that the space frees.
        """
        usual = {"learning_rate_factor": 1.0, ORGANISATION: number_of(self.organisation)}
        return {
            name: min(max(usual.get(name, (limits.low + limits.high) / 2), limits.low), limits.high)
            for name, limits in self.space.hyperparameters.items()
        }

    @cached_property
    def reference(self) -> SearchPoint | None:
        """The point at which the rule's reference is measured; None without a rule."""
        return None if self.no_harm is None else SearchPoint(self.no_harm.reference, self.usual_hyper)

    def at_proxy(self, table: RunsTable) -> Mask:
        """(rows,): which of ``table`` have the N and D of a trial."""
        return same_scale(np.log(table.n_params), np.log(table.n_tokens), self.log_scale)


def question_of(
    table: RunsTable,
    space: str | Path,
    weights: Mapping[str, float] | None,
    n_params: float | None,
    n_tokens: float | None,
    seed: int,
) -> TableQuestion:
    """The question of ``table``, whose rows are of one recipe (:func:`one_recipe`).

    Parameters
    ----------
    space
        A name of ``search_spaces/`` or a file; the table's domains are its languages.
    weights
        Of the targets; None: the space's objective, else every target alike but natural-language text.
    n_params, n_tokens
        The scale of a trial; None: the space's ``proxy``, else that of most runs, the largest where several have as
        many.

    Raises
    ------
    UserError
        For a space or a rule that is wrong, several objectives, a target that the table does not have, and an N or D
        that is no count.
    """
    for name, value in (("--params", n_params), ("--tokens", n_tokens)):
        if value is not None and not (np.isfinite(value) and value >= 1):
            raise UserError(name, f"{value:g} is not a count", "give a number of 1 or more")
    first = load_space(space, table.domains, n_tokens or _most_common(table, n_params, n_tokens)[1])
    proxy = _proxy(table, first, n_params, n_tokens)
    target = ModelScale(round(first.target.n_params or proxy.n_params), round(first.target.n_tokens or proxy.n_tokens))
    searched = load_space(space, table.domains, float(target.n_tokens))
    objective = _objective(table, searched, weights, proxy.n_tokens).varying(searched.hyperparameters)
    targets = table.targets or tuple(objective.weights)
    rule = resolved_no_harm(searched, measured=targets, weights=objective.weights, n_tokens=float(target.n_tokens))
    organised = set(table.organisation) - {""}
    return TableQuestion(
        space=searched,
        objective=objective if rule is None else objective.protecting(rule.protected),
        proxy=proxy,
        target=target,
        seed=seed,
        organisation=next(iter(organised)) if len(organised) == 1 else SHUFFLED,
        no_harm=rule,
    )


def _proxy(table: RunsTable, space: SearchSpace, n_params: float | None, n_tokens: float | None) -> ModelScale:
    params, tokens = _most_common(table, n_params, n_tokens or space.proxy.tokens)
    return ModelScale(round(params), round(tokens))


def _most_common(table: RunsTable, n_params: float | None, n_tokens: float | None) -> tuple[float, float]:
    """The N and D of most runs, each of which counts once at its largest D; what is given stays."""
    longest: dict[object, tuple[float, float]] = {}
    for trunk, params, tokens in zip(table.trunk, table.n_params, table.n_tokens, strict=True):
        known = longest.get(trunk)
        if known is None or tokens > known[1]:
            longest[trunk] = float(params), float(tokens)
    scales = list(longest.values())
    if n_params is not None:
        scales = [one for one in scales if abs(np.log(one[0] / n_params)) < 0.01] or scales
    # Runs of one plan differ by a part of a batch: those within 1 % are one scale.
    counts: dict[tuple[float, float], int] = {}
    for one in scales:
        near = next((other for other in counts if _near(one, other)), one)
        counts[near] = counts.get(near, 0) + 1
    params, tokens = max(counts, key=lambda one: (counts[one], one))
    return n_params or params, n_tokens or tokens


def _near(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return all(abs(float(np.log(a / b))) < 0.01 for a, b in zip(one, other, strict=True))


def _objective(table: RunsTable, space: SearchSpace, weights: Mapping[str, float] | None, n_tokens: int) -> Objective:
    """What is minimised. Before any loss was measured the targets are taken to be the domains."""
    if len(space.aims) > 1 and weights is None:
        names = ", ".join(aim.name for aim in space.aims)
        raise UserError(
            f"{space.path}, objective", f"names several: {names}", "leave one in the space, or give --weights"
        )
    targets = table.targets or tuple(name for name, (_, high) in space.bounds.items() if high > 0)
    if weights is None and space.aims:
        found = Objective.aimed(space.aims[0], n_tokens)
    else:
        given = default_weights(targets, load_registry()) if weights is None else weights
        found = Objective.of(given, n_tokens)
    if strange := [name for name in found.weights if name not in targets]:
        raise UserError(f"weights, {strange[0]}", "the table has no such loss", f"use {', '.join(targets)}")
    if table.targets and (unknown := [name for name in found.metrics if name not in table.metrics]):
        known = ", ".join(table.metrics) or "none"
        raise UserError(
            f"{space.path}, objective.metrics.{unknown[0]}", "the table has no such metric", f"it has {known}"
        )
    return found


def one_recipe(
    table: RunsTable,
    free: Sequence[str],
    corpus_id: str | None = None,
    organisation: str | None = None,
    hyper: Mapping[str, float] | None = None,
) -> RunsTable:
    """The rows of ``table`` on one corpus, with one organisation and one value of each hyperparameter that the space
    does not ``free``; perplexities as their logarithms. Rows under way that name no corpus are of whatever is taken.

    Raises :class:`UserError` where several are left and none was named, or where nothing is left.
    """
    rows = in_additive_unit(table)
    planned = under_way(rows)
    kept = np.ones(len(rows), dtype=bool)
    named: list[tuple[str, NDArray[np.object_], str | None]] = [("corpus_id", rows.corpus_id, corpus_id)]
    if ORGANISATION not in free:
        named.append(("organisation", rows.organisation, organisation))
    for name, column, wanted in named:
        silent = planned & (column == "")
        values = sorted({str(one) for one in column[~silent]}) if wanted is None else [wanted]
        if len(values) > 1:
            problem = f"mixes {', '.join(map(repr, values[:4]))}"
            raise UserError(f"{rows.path}, {name}", problem, f"say which {name} to take: --{name.replace('_', '-')}")
        kept &= silent | np.isin(column, values)
    for name, numbers in rows.hyper.items():
        if name not in free:
            kept &= _of_one_value(rows, name, numbers, (hyper or {}).get(name))
    if strange := [name for name in hyper or {} if name not in rows.hyper]:
        raise UserError(f"{rows.path}, hyper.{strange[0]}", "there is no such column", "leave --hyper out")
    if not kept.any():
        raise UserError(rows.path, "has no row of that recipe", "name a corpus, organisation or value that it has")
    return rows.select(kept)


def _of_one_value(rows: RunsTable, name: str, numbers: Array, wanted: float | None) -> Mask:
    if wanted is not None:
        return np.isclose(numbers, wanted, rtol=1e-9)
    values = np.unique(numbers)
    if len(values) > 1:
        there = ", ".join("empty" if np.isnan(value) else f"{value:g}" for value in values[:6])
        hint = f"say which to take: --hyper {name}=NUMBER, or free it in the space"
        raise UserError(f"{rows.path}, hyper.{name}", f"mixes {there}", hint)
    return np.ones(len(rows), dtype=bool)


def under_way(table: RunsTable) -> Mask:
    """(rows,): which of ``table`` are of runs under way: those that say so, and planned ones, without a loss yet."""
    planned = (table.status == "ok") & np.isnan(table.losses).all(axis=1)
    return np.asarray((table.status == RUNNING) | planned)
