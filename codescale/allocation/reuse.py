"""When a language joins a study: the earlier allocation is kept, and only the shares that the newcomer affects are
refitted.

Languages that are kept stand in the problem as one, whose inner ratios are the earlier mixture's (mixture reuse with a
virtual domain: Chen et al., Olmix, 2026, arXiv 2602.12237). What was decided before stays decided, a few shares are
varied instead of all, and a law that is unsure about the rest does no harm there. Olmix leaves it to the user which
languages are affected; here the law may say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from codescale.allocation.goals import LawAtScale
from codescale.allocation.minimise import Problem, minimise_over_mixtures
from codescale.allocation.uncertainty import difference, middle_90, sample_optima, standard_error
from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.law import Law
from codescale.laws.warning import warn
from codescale.mixtures.bounds import check_names
from codescale.mixtures.feasible import FeasibleSet, check_sums, group_bounds
from codescale.mixtures.mixture import Mixture


@dataclass(frozen=True)
class Reuse:
    """Keep the ratios of ``earlier`` but for the languages it does not name, and those in ``affected``.

    ``affected`` None: the law says which they are.
    """

    earlier: Mixture
    affected: Sequence[str] | None = None


def added_languages(law: Law, earlier: Mixture) -> list[str]:
    """The law's domains that ``earlier`` does not name. Raises :class:`UserError` where it has one outside the law."""
    for name in earlier:
        if name not in law.domains and earlier[name] > 0:
            raise UserError(f"earlier mixture, {name}", "is not in the law", f"the law knows {', '.join(law.domains)}")
    return [name for name in law.domains if name not in earlier]


def reused(problem: Problem, law: Law, reuse: Reuse, samples: list[LawAtScale]) -> tuple[Problem, tuple[str, ...]]:
    """The problem in which only the added and the affected languages vary.

    Parameters
    ----------
    problem
        In which all languages vary.
    law
        Whose domains they are.
    reuse
        What is kept.
    samples
        The law's bootstrap samples at N and D, which say which languages are affected.

    Returns
    -------
    tuple
        The problem, and the names of the languages that vary.

    Raises
    ------
    UserError
        Where nothing was added or affected, and where bounds do not allow the kept ratios.
    """
    added = added_languages(law, reuse.earlier)
    if reuse.affected is not None:
        check_names(reuse.affected, law.domains, "affected")
        free = [name for name in law.domains if name in added or name in reuse.affected]
    else:
        free = added
    if not free:
        raise UserError(
            "earlier mixture", "holds every language of the law, so none was added", "name the affected languages"
        )
    small = keeping(problem, reuse.earlier, free)
    if reuse.affected is None:
        touched = affected_languages(problem, small, reuse.earlier, free, samples)
        free = [name for name in law.domains if name in free or name in touched]
        small = keeping(problem, reuse.earlier, free)
    return small, tuple(free)


def keeping(problem: Problem, earlier: Mixture, free: Sequence[str]) -> Problem:
    """``problem`` with the ratios of ``earlier`` kept among the languages outside ``free``: they vary as one."""
    domains, feasible = problem.feasible.domains, problem.feasible
    kept = [k for k, name in enumerate(domains) if name not in free]
    ratios = np.zeros(len(domains))
    ratios[kept] = [earlier.get(domains[k], 0.0) for k in kept]
    if kept and ratios.sum() <= 0:
        listed = ", ".join(domains[k] for k in kept)
        raise UserError("earlier mixture", f"gives {listed} no share to keep ratios of", "name them as affected")
    columns = np.eye(len(domains))[:, [k for k, name in enumerate(domains) if name in free]]
    low, high = columns.T @ feasible.low, columns.T @ feasible.high
    names = tuple(name for name in domains if name in free)
    if kept:
        ratios /= ratios.sum()
        least, most = _kept_total(feasible, ratios, kept)
        columns, low, high = np.column_stack([ratios, columns]), np.append(least, low), np.append(most, high)
        names = (" + ".join(domains[k] for k in kept if ratios[k] > 0), *names)
    check_sums(names, low, high, "bounds at the ratios of the earlier mixture")
    return replace(problem, feasible=FeasibleSet(names, low, high), axes=columns)


def _kept_total(feasible: FeasibleSet, ratios: Array, kept: list[int]) -> tuple[float, float]:
    """The least and largest sum of the kept shares at which each is within its bounds."""
    for k in kept:
        if ratios[k] == 0 and feasible.low[k] > 0:
            raise UserError(
                f"bounds, {feasible.domains[k]}",
                f"asks for {feasible.low[k]:.4g} or more, and the earlier mixture has none",
                "name it as affected",
            )
    least, most = (float(end[0]) for end in group_bounds(ratios[None], feasible.low, feasible.high))
    if least > min(most, 1.0) + 1e-12:
        used = np.flatnonzero(ratios > 0)
        lowest = used[np.argmax(feasible.low[used] / ratios[used])]
        highest = used[np.argmin(feasible.high[used] / ratios[used])]
        named = dict.fromkeys(feasible.domains[k] for k in ([lowest, highest] if most < 1.0 else [lowest]))
        raise UserError(
            f"bounds, {' and '.join(named)}",
            "cannot hold at the ratios of the earlier mixture",
            "name one of them as affected",
        )
    most = min(most, 1.0)
    return min(least, most), most


def affected_languages(
    problem: Problem, small: Problem, earlier: Mixture, free: Sequence[str], samples: list[LawAtScale]
) -> list[str]:
    """Languages of ``earlier`` whose share the newcomers in ``free`` call into question.

    A language is affected where refitting its share too gains for sure and gains enough: the 90 % interval of the gain
    over the bootstrap samples lies above 0, and the gain above the standard error of the optimum without it. Each is
    tried alone. None are where the law has no samples, which a warning says.
    """
    if not samples:
        warn("the law has no bootstrap samples to tell which languages are affected: only new ones are refitted")
        return []
    held = minimise_over_mixtures(small, _middle(small))
    error = standard_error(small, samples, sample_optima(small, samples, held), held)
    before = small.mixtures(held)
    affected = []
    for name in problem.feasible.domains:
        if name in free:
            continue
        try:
            wider = keeping(problem, earlier, [*free, name])
        except UserError:  # the last kept language with a share: its ratio to nothing else can change
            continue
        refitted = wider.mixtures(minimise_over_mixtures(wider, _middle(wider)))
        gains = difference(problem, samples, before, refitted)
        gain = float(-np.diff(_values(problem, np.stack([before, refitted])))[0])
        if gain > error and middle_90(gains)[0] > 0:
            affected.append(name)
    return affected


def _values(problem: Problem, shares: Array) -> Array:
    return replace(problem, axes=None).values(shares)


def _middle(problem: Problem) -> list[Array]:
    count = len(problem.feasible.domains)
    return [problem.feasible.project(np.full(count, 1.0 / count))]
