"""The runs that a design chooses among: mixtures of a space at one or several N and D, as rows that a law can be asked
about.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codescale.arrays import Array
from codescale.laws.observations import Observations
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.space import SearchSpace
from codescale.sweeps.spread import spread_within

_USUAL_LOSS = 2.0
"""Where no loss was measured, nats per token: only the level that a prior is relative to."""


def candidate_shares(space: SearchSpace, count: int, seed: int) -> Array:
    """(about ``count``, domains): the space's mixtures: half of them uniform in its volume, the others on its faces and
    corners, where a law's optima often lie. The domains are those of the space, in order.
    """
    region = FeasibleRegion(space, tuple(space.bounds))
    spread = [one.array(region.domains) for one in spread_within(space.feasible, count - count // 2, seed)]
    faces = region.sample(count // 2, np.random.default_rng((seed, 1))).shares
    found = np.vstack([spread, region.vertices, [region.project(row) for row in faces]])
    return found[np.sort(np.unique(np.round(found, 6), axis=0, return_index=True)[1])]


def asked_shares(space: SearchSpace, count: int, seed: int) -> Array:
    """(count, domains): mixtures uniform in the space's volume, at which a law shall predict well."""
    domains = tuple(space.bounds)
    return np.array([one.array(domains) for one in spread_within(space.feasible, count, seed)])


def unmeasured(
    domains: Sequence[str], targets: Sequence[str], n_params: Array, n_tokens: Array, shares: Array
) -> Observations:
    """Rows of which nothing was measured, as laws take them: all of one usual loss."""
    rows = len(n_params)
    return Observations(
        path="the design",
        domains=tuple(domains),
        targets=tuple(targets),
        log_params=np.log(n_params),
        log_tokens=np.log(n_tokens),
        shares=shares,
        log_losses=np.full((rows, len(targets)), np.log(_USUAL_LOSS)),
        trunk=np.arange(rows, dtype=np.intp),
        usable=np.ones(rows, dtype=bool),
        unique_tokens=np.full(shares.shape, np.inf),
    )


def below_each_other(first: Observations, second: Observations) -> Observations:
    """The rows of ``first``, then those of ``second``, of the same domains and targets."""
    joined = {
        name: np.concatenate([getattr(first, name), getattr(second, name)])
        for name in ("log_params", "log_tokens", "shares", "log_losses", "usable", "unique_tokens")
    }
    return Observations(
        path=first.path,
        domains=first.domains,
        targets=first.targets,
        trunk=np.arange(len(first) + len(second), dtype=np.intp),
        loss_unit=first.loss_unit,
        **joined,
    )
