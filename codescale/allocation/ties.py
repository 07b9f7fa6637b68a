"""Languages that keep a fixed ratio to each other, such as JavaScript to TypeScript: they vary as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from codescale.allocation.minimise import Problem
from codescale.errors import UserError
from codescale.mixtures.feasible import Feasible, check_sums

Ties = Sequence[Mapping[str, float]]
"""Groups of languages whose shares stand in fixed ratios, each language with its part of the group: above 0, and no
language in two of them.
"""


def tied(problem: Problem, ties: Ties) -> Problem:
    """``problem``, whose shares all vary, with each of ``ties`` varying as one.

    Raises :class:`UserError` where bounds and ties leave no mixture.
    """
    if not ties:
        return problem
    domains, feasible = problem.feasible.domains, problem.feasible
    grouped = {name for group in ties for name in group}
    groups = [*ties, *({name: 1.0} for name in domains if name not in grouped)]
    axes = np.array([[group.get(name, 0.0) for group in groups] for name in domains])
    axes /= axes.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        low = np.where(axes > 0, feasible.low[:, None] / axes, 0.0).max(axis=0)
        high = np.where(axes > 0, feasible.high[:, None] / axes, np.inf).min(axis=0)
    names = tuple(" + ".join(group) for group in groups)
    if (low > high + 1e-9).any():
        raise UserError(f"bounds, {names[int(np.argmax(low - high))]}", "cannot hold at the ratios of the tie", "widen")
    high = np.clip(high, low, 1.0)
    check_sums(names, low, high, "bounds at the ratios of the ties")
    return replace(problem, feasible=Feasible(names, np.minimum(low, 1.0), high), axes=axes)
