"""The runs to begin with, as a runs table without losses: what ``codescale design`` does, and Python's
``codescale.design``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from codescale.designs.candidates import candidate_shares
from codescale.designs.choice import KINDS, Candidates, Kind, at_scales, foretold_deviation, optimal_choice
from codescale.designs.forecast import USUAL_DEVIATIONS, WORLDS, OptimumForecast, forecast_optimum
from codescale.designs.information import Posterior
from codescale.designs.plan import Plan, plan_of
from codescale.errors import UserError
from codescale.laws.fitting.threads import one_blas_thread
from codescale.laws.forms.curve import CurveForm
from codescale.laws.forms.registry import FORMS
from codescale.runs.records import HYPER, LOSS, PROPORTION
from codescale.runs.table import RunsTable
from codescale.sweeps.spread import spread_within

LAWS = tuple(name for name, form in FORMS.items() if isinstance(form, CurveForm))
"""Forms that a design can be made for: those that know their derivatives."""
MOST_RUNS = 10_000

FLOPS_PER_TOKEN = 6.0
"""Times N: what a token costs, attention and logits left out."""

_CANDIDATES = 600
"""Mixtures among which a design at one N and D chooses; on a ladder they are shared out among its steps."""
_FEWEST_CANDIDATES = 100


@dataclass(frozen=True)
class Design:
    """The runs to do.

    Attributes
    ----------
    table
        A runs table without losses: N, D, shares, hyperparameters that the space frees (as they usually are) and FLOPs.
    kind
        ``spread``, ``optimal`` or ``determinant``.
    flops
        What all runs cost, 6 N D.
    forecast
        How well the law would know the optimum after them.
    deviation
        Of the law's log losses at the target after them, all over the space, if its form is right.
    spread_forecast
        The forecast after as many runs spread in volume; None for ``spread`` itself, and on a ladder.
    law
        The form's name.
    target
        N and D that the mixture is for.
    """

    table: pa.Table
    kind: Kind
    flops: float
    forecast: OptimumForecast
    deviation: float
    spread_forecast: OptimumForecast | None
    law: str
    target: tuple[float, float]


def design(
    space: str | Path,
    runs: int = 64,
    *,
    n_params: float | Sequence[float] | None = None,
    n_tokens: float | Sequence[float] | None = None,
    domains: Sequence[str] | None = None,
    law: str = "effective-data",
    table: RunsTable | None = None,
    kind: Kind | None = None,
    budget: float | None = None,
    weights: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Design:
    """The ``runs`` to begin with, or those that fill the gaps of ``table``. The same arguments give the same runs.

    Parameters
    ----------
    space
        What may vary: a name of ``search_spaces/`` or the path of a YAML file. Its ``target`` is what the mixture is
        for.
    runs
        How many at most.
    n_params, n_tokens
        N and D of the runs: one of each, or with a ``budget`` several, among whose pairs a ladder is chosen. None: the
        space's ``proxy``, else those of the table's largest runs.
    domains
        The languages; None: those that the space names, else the table's.
    law
        The form that is to be fitted.
    table
        Runs that are there.
    kind
        ``spread``: even in the volume of the space; ``optimal``: so that the law predicts well all over it at the
        target (I-optimal); ``determinant``: so that its parameters are known (D-optimal). None: ``optimal``.
    budget
        FLOPs that the runs may cost together, at 6 N D.
    weights
        Of the losses; None: the space's objective, else every target alike but natural-language text.
    seed
        Of candidates and of the worlds that the forecast is made in.

    Raises
    ------
    UserError
        For a space, law, kind, N, D or budget that is wrong, several N or D without a budget, and a table of several
        recipes.
    """
    chosen_kind = kind or "optimal"
    _check(runs, chosen_kind, law, budget)
    with one_blas_thread():
        plan = plan_of(space, n_params, n_tokens, domains, law, table, weights, seed)
        if len(plan.scales) > 1 and budget is None:
            raise UserError("--budget", "is missing beside several N or D", "say what the runs may cost, in FLOPs")
        if len(plan.scales) > 1 and chosen_kind == "spread":
            raise UserError("--kind", "spread chooses no ladder", "use optimal, or give one N and one D")
        chosen = _chosen(plan, runs, chosen_kind, budget)
        forecast = _forecast(plan, chosen)
        beside = None
        if chosen_kind != "spread" and len(plan.scales) == 1:
            beside = _forecast(plan, _spread(plan, len(chosen)))
    return Design(
        table=_table(plan, chosen),
        kind=chosen_kind,
        flops=float((FLOPS_PER_TOKEN * chosen.n_params * chosen.n_tokens).sum()),
        forecast=forecast,
        deviation=foretold_deviation(plan.law, chosen, plan.asked),
        spread_forecast=beside,
        law=law,
        target=plan.target,
    )


def parse_kind(word: str | None) -> Kind | None:
    """The kind called ``word``; None where nothing is given. Raises :class:`UserError` for one that is none."""
    known = next((kind for kind in KINDS if kind == word), None)
    if word is not None and known is None:
        raise UserError("--kind", f"{word!r} is none", f"use one of {', '.join(KINDS)}")
    return known


def _check(runs: int, kind: str, law: str, budget: float | None) -> None:
    if not 1 <= runs <= MOST_RUNS:
        raise UserError("--runs", f"{runs} is no number of runs", f"give a number from 1 to {MOST_RUNS:,}")
    parse_kind(kind)
    if law not in LAWS:
        raise UserError("--law", f"{law!r} cannot be designed for", f"use one of {', '.join(LAWS)}")
    if budget is not None and not (np.isfinite(budget) and budget > 0):
        raise UserError("--budget", f"{budget:g} is no number of FLOPs", "give a number above 0")


def _chosen(plan: Plan, runs: int, kind: Kind, budget: float | None) -> Candidates:
    """The runs to do, by N, D and the order of the choice."""
    if kind == "spread":
        affordable = runs if budget is None else int(budget / (FLOPS_PER_TOKEN * np.prod(plan.scales[0])))
        if affordable < 1:
            raise _too_little(budget)
        return _spread(plan, min(runs, affordable))
    count = max(_CANDIDATES // len(plan.scales), _FEWEST_CANDIDATES)
    if len(plan.scales) == 1:
        count = max(count, 3 * runs)
    candidates = at_scales(candidate_shares(plan.space, count, plan.seed), plan.scales)
    costs = FLOPS_PER_TOKEN * candidates.n_params * candidates.n_tokens
    limit = np.inf if budget is None else budget
    found = optimal_choice(plan.law, candidates, plan.asked, runs, costs, limit, kind)
    if not len(found):
        raise _too_little(budget)
    return candidates.select(found[np.lexsort((candidates.n_tokens[found], candidates.n_params[found]))])


def _too_little(budget: float | None) -> UserError:
    return UserError("--budget", f"{budget:g} FLOPs do not suffice for one run", "give more, or a smaller N or D")


def _spread(plan: Plan, runs: int) -> Candidates:
    """As many mixtures even in the space's volume; those that are there do not count."""
    mixtures = spread_within(plan.space.feasible, runs, plan.seed)
    return at_scales(np.array([one.array(plan.law.domains) for one in mixtures]), plan.scales[:1])


def _forecast(plan: Plan, runs: Candidates) -> OptimumForecast:
    law, generator = plan.law, np.random.default_rng((plan.seed, 2))
    rows = law.with_known(runs)
    if law.known is None or law.values is None:
        worlds = law.form.prior_draws(rows, generator, WORLDS, USUAL_DEVIATIONS)
    else:
        covariance = Posterior.given(law.tangents(law.known)).covariance
        worlds = law.form.posterior_draws(law.known, law.values, covariance, generator, WORLDS)
    return forecast_optimum(law, rows, worlds, plan.space, plan.target, plan.seed)


def _table(plan: Plan, runs: Candidates) -> pa.Table:
    rows, space = len(runs), plan.space
    digits = len(str(rows - 1))
    columns: dict[str, object] = {
        "run_id": [f"design-{number:0{digits}d}" for number in range(rows)],
        "stage": ["mixture"] * rows,
        "n_params": np.round(runs.n_params),
        "n_tokens": np.round(runs.n_tokens),
    }
    for k, name in enumerate(plan.law.domains):
        columns[PROPORTION + name] = runs.shares[:, k]
    for name, limits in space.hyperparameters.items():
        if name in ("organisation",):
            columns[name] = ["shuffled"] * rows
        else:
            usual = 1.0 if name == "learning_rate_factor" else (limits.low + limits.high) / 2
            columns[HYPER + name] = np.full(rows, min(max(usual, limits.low), limits.high))
    columns["flops"] = FLOPS_PER_TOKEN * runs.n_params * runs.n_tokens
    losses = {LOSS + name: pa.nulls(rows, pa.float64()) for name in plan.law.targets}
    return pa.table({name: pa.array(values) for name, values in columns.items()} | losses)
