"""The paper's proportion-dependent law (Yang et al., 2025, arXiv 2512.13472, equations 6 and 7): one loss.

    L(N, D; p) = A(p) N^-alpha(p) + B(p) D_x^-beta(p) + E(p),  D_x = D (1 + gamma sum_{i != j} p_i p_j tau_ij)

alpha, beta and E are averages by p of each language's own; tau_ij is the synergy gain of j on i from the pair runs;
only gamma is fitted. The paper writes constant A and B; here log A and log B are averaged by p too, so that at p_i =
1 the law is that language's own. The one loss is what a mixture's own tokens cost, sum_i p_i L_i: minimised over p it
favours the easiest language, which is why this law stands beside the default one and does not allocate
(docs/DECISIONS.md).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from codescale.arrays import Array, Mask
from codescale.errors import UserError
from codescale.laws.forms.base import Form
from codescale.laws.forms.chinchilla import Chinchilla
from codescale.laws.forms.regression import huber
from codescale.laws.forms.terms import SCALARS
from codescale.laws.observations import Observations

TARGET = "mixture"
"""The name of the one loss."""

_GAMMAS = np.concatenate([-np.geomspace(30.0, 0.01, 60), [0.0], np.geomspace(0.01, 300.0, 90)])


class Proportional(Form):
    """E.<i>, A.<i>, alpha.<i>, B.<i>, beta.<i>: language i's own law; tau.<i>.<j>: gain of j on i; gamma: fitted.

    Units as in ``chinchilla``; tau is a fraction of the loss, gamma has none.
    """

    name = "proportional"
    one_loss = True
    formula = "L = E(p) + A(p) N^-alpha(p) + B(p) [D (1 + gamma sum_{i!=j} p_i p_j tau_ij)]^-beta(p)"

    def law_targets(self, data: Observations) -> tuple[str, ...]:
        return (TARGET,)

    def observed(self, data: Observations) -> Array:
        """(rows, 1): log of sum_i p_i L_i; NaN where a language with a share was not measured."""
        total = np.zeros(len(data))
        for k, domain in enumerate(data.domains):
            share = data.shares[:, k]
            if domain in data.targets:
                loss = np.exp(data.log_losses[:, data.targets.index(domain)])
            else:
                loss = np.full(len(data), np.nan)
            total += np.where(share > 0, share * loss, 0.0)
        return np.log(total)[:, None]

    def parameter_names(self, domains: tuple[str, ...], target: str) -> tuple[str, ...]:
        own = [f"{name}.{domain}" for name in SCALARS for domain in domains]
        return (*own, *(f"tau.{i}.{j}" for i in domains for j in domains if i != j), "gamma")

    def free_parameters(self, data: Observations) -> int:
        return 1

    def unidentified(self, data: Observations) -> dict[str, str]:
        reasons = {}
        for k, domain in enumerate(data.domains):
            own = self._alone(data, k)
            for name, reason in Chinchilla().unidentified(own).items():
                reasons[f"{name}.{domain}"] = reason.replace("all rows", f"all runs on {domain} alone")
        found = {(i, j) for i, j, _, _ in pair_rows(data)}
        for i, first in enumerate(data.domains):
            for j, second in enumerate(data.domains):
                if i != j and (i, j) not in found:
                    reasons[f"tau.{first}.{second}"] = "no pair run: set to 0"
        return reasons

    def fit(
        self, data: Observations, weights: Array, workers: int | None = None, simpler: Mapping[str, Array] | None = None
    ) -> Array:
        self._check(data)
        chinchilla = Chinchilla()
        own = np.stack(
            [
                chinchilla.fit(self._alone(data, k), weights[:, alone(data, k)], workers)[:, 0]
                for k in range(len(data.domains))
            ],
            axis=2,
        )
        return self._with_gamma(data, own, weights)

    def resample(
        self,
        data: Observations,
        values: Array,
        weights: Array,
        generator: np.random.Generator,
        workers: int | None = None,
    ) -> Array:
        count = len(data.domains)
        start = values[0, : 5 * count].reshape(5, count)
        own = np.stack(
            [
                Chinchilla().resample(
                    self._alone(data, k), start[None, :, k], weights[:, alone(data, k)], generator, workers
                )[:, 0]
                for k in range(count)
            ],
            axis=2,
        )
        return self._with_gamma(data, own, weights)

    def log_losses(
        self, values: Array, domains: tuple[str, ...], log_params: Array, log_tokens: Array, shares: Array
    ) -> Array:
        count = len(domains)
        gain = _pair_gain(values, shares, count)
        own = values[:, : 5 * count].reshape(-1, 5, count)
        return _log_loss(own, gain, values[:, -1:], log_params, log_tokens, shares)

    def _check(self, data: Observations) -> None:
        for k, domain in enumerate(data.domains):
            if domain not in data.targets:
                raise UserError(
                    data.path, f"has no column loss.{domain}", "the proportional law needs it for every domain"
                )
            if int(np.isfinite(self._alone(data, k).log_losses).sum()) < 2:
                raise UserError(
                    data.path,
                    f"has fewer than two runs on {domain} alone",
                    "the proportional law needs each language's own runs: add a grid, or use --law auto",
                )
        if not pair_rows(data):
            raise UserError(
                data.path,
                "has no runs of two languages at equal shares beside each alone at the same N and D",
                "the proportional law takes its tau from pair runs: add them, or use --law auto",
            )

    def _alone(self, data: Observations, k: int) -> Observations:
        """Language ``k``'s loss on the rows that train on it alone."""
        rows, domain = alone(data, k), data.domains[k]
        losses = data.log_losses[rows][:, [data.targets.index(domain)]]
        return Observations(
            data.path,
            data.domains,
            (domain,),
            data.log_params[rows],
            data.log_tokens[rows],
            data.shares[rows],
            losses,
            data.trunk[rows],
            data.usable[rows],
            data.unique_tokens[rows],
            data.loss_unit,
        )

    def _with_gamma(self, data: Observations, own: Array, weights: Array) -> Array:
        """Adds tau, from ``weights``' means over pair runs, and the gamma that fits the mixed runs best."""
        count, samples = len(data.domains), len(weights)
        tau = _transfer(data, weights)
        off = ~np.eye(count, dtype=bool)
        values = np.concatenate([own.reshape(samples, -1), tau[:, off], np.zeros((samples, 1))], axis=1)
        mixed = (data.shares.max(axis=1) < 0.999) & np.isfinite(self.observed(data)[:, 0]) & data.usable
        if mixed.any():
            values[:, -1] = self._gamma(data, values, weights, mixed)
        return values[:, None, :]

    def _gamma(self, data: Observations, values: Array, weights: Array, rows: Mask) -> Array:
        """(samples,): by a grid over gamma, refined twice around its best point."""
        count = len(data.domains)
        own = values[:, : 5 * count].reshape(-1, 5, count)
        gain = _pair_gain(values, data.shares[rows], count)
        observed, weights = self.observed(data)[rows, 0], weights[:, rows]

        def objective(gamma: Array) -> Array:
            log_loss = _log_loss(
                own, gain, gamma[:, None], data.log_params[rows], data.log_tokens[rows], data.shares[rows]
            )
            return (weights * huber(log_loss - observed, 0.01)).sum(axis=1)

        grid = np.tile(_GAMMAS, (len(values), 1))
        for _ in range(3):
            scores = np.stack([objective(grid[:, k]) for k in range(grid.shape[1])], axis=1)
            best = np.argmin(scores, axis=1)
            last = grid.shape[1] - 1
            index = np.arange(len(grid))
            low, high = grid[index, np.maximum(best - 1, 0)], grid[index, np.minimum(best + 1, last)]
            chosen = grid[index, best]
            grid = np.linspace(low, high, 21, axis=1)
        return chosen


def alone(data: Observations, k: int) -> Mask:
    """(rows,): whether a row trains on domain ``k`` alone."""
    return data.shares[:, k] > 0.999


def pair_rows(data: Observations) -> list[tuple[int, int, Mask, Mask]]:
    """(i, j, rows of i alone, rows of i and j at equal shares) per ordered pair and per (N, D) where both exist.

    Of the rows of i alone those that see i's tokens twice are taken where there are any: the synergy gain's baseline.
    """
    found = []
    for i, domain in enumerate(data.domains):
        if domain not in data.targets:
            continue
        measured = np.isfinite(data.log_losses[:, data.targets.index(domain)])
        for j in range(len(data.domains)):
            both = (np.abs(data.shares[:, [i, j]] - 0.5).max(axis=1) < 0.01) & measured
            if j == i or not both.any():
                continue
            for point in np.unique(np.column_stack([data.log_params, data.log_tokens])[both], axis=0):
                here = (np.abs(data.log_params - point[0]) < 0.01) & (np.abs(data.log_tokens - point[1]) < 0.02)
                base = alone(data, i) & here & measured
                if (base & ~data.usable).any():
                    base &= ~data.usable
                if base.any():
                    found.append((i, j, base, both & here))
    return found


def _transfer(data: Observations, weights: Array) -> Array:
    """(samples, domains, domains): tau_ij, averaged over the (N, D) at which the pair was run; 0 where it was not."""
    count = len(data.domains)
    total, points = np.zeros((len(weights), count, count)), np.zeros((count, count))
    for i, j, base, both in pair_rows(data):
        losses = np.exp(data.log_losses[:, data.targets.index(data.domains[i])])
        mean_base = weights[:, base] @ losses[base] / np.maximum(weights[:, base].sum(axis=1), 1e-300)
        mean_both = weights[:, both] @ losses[both] / np.maximum(weights[:, both].sum(axis=1), 1e-300)
        known = (weights[:, base].sum(axis=1) > 0) & (weights[:, both].sum(axis=1) > 0)
        total[:, i, j] += np.where(known, 1.0 - mean_both / np.where(known, mean_base, 1.0), 0.0)
        points[i, j] += 1
    return total / np.maximum(points, 1)


def _pair_gain(values: Array, shares: Array, count: int) -> Array:
    """(samples, rows): sum over i != j of p_i p_j tau_ij."""
    tau = np.zeros((len(values), count, count))
    tau[:, ~np.eye(count, dtype=bool)] = values[:, 5 * count : -1]
    return np.einsum("ri,sij,rj->sr", shares, tau, shares, optimize=True)


def _log_loss(own: Array, gain: Array, gamma: Array, log_params: Array, log_tokens: Array, shares: Array) -> Array:
    """(samples, rows) from (samples, 5, domains) of each language's own law."""
    with np.errstate(divide="ignore"):
        log_heights = np.maximum(np.log(own[:, [1, 3]]), -700.0)
    floor, alpha, beta = (own[:, k] @ shares.T for k in (0, 2, 4))
    log_a, log_b = log_heights[:, 0] @ shares.T, log_heights[:, 1] @ shares.T
    log_data = log_tokens + np.log(np.maximum(1.0 + gamma * gain, 1e-3))
    return np.log(floor + np.exp(log_a - alpha * log_params) + np.exp(log_b - beta * log_data))
