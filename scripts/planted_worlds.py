"""Worlds with a known truth for scripts/bench_coverage.py: planted laws, the runs of a study on them, their luck.

A world draws a truth for every study, so that no figure rests on one lucky set of parameters. Losses are nats per
token, N parameters, D tokens; shares are (rows, languages).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]
Truth = Callable[[Array, Array, Array], Array]
"""N (rows,), D (rows,) and shares (rows, languages) of fresh tokens to losses (rows, languages)."""

SEVEN = ("python", "java", "javascript", "typescript", "csharp", "go", "rust")
HALF_LIFE = 15.4
"""R* of repeated tokens, in repetitions (Muennighoff et al., 2023): the truth's, and what a law assumes."""
LUCK = {"seed": 0.2, "run": 0.25, "run and language": 0.3, "row": 0.25}
"""Parts of the variance of a log loss: common to all runs of a seed (data order), to all languages of a run, to the
branches of a trunk, and to nothing.
"""
_MIDDLE_N, _MIDDLE_D = 6e7, 1e9
_STARTS, _RANDOM = 8, 4_000


@dataclass(frozen=True)
class Design:
    """Rows of a runs table: N and D (rows,), shares and distinct tokens (rows, languages), trunk and seed (rows,)."""

    n_params: Array
    n_tokens: Array
    shares: Array
    unique: Array
    trunk: NDArray[np.int64]
    seed: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.n_params)


@dataclass(frozen=True)
class World:
    """A planted world.

    ``draw`` gives a truth, ``plan`` the rows of a study. ``deviation`` (languages,) is that of a log loss between
    seeds. ``scale`` is the N and D that mixtures are optimized at, ``budget`` the FLOPs of the forecast. ``no_gain``:
    no mixture is better than equal shares, so a gain that is claimed is false. ``one_optimum``: shares have a truth.
    ``has_pairs``: synergy is measured too.
    """

    name: str
    says: str
    languages: tuple[str, ...]
    draw: Callable[[np.random.Generator], Truth]
    plan: Callable[[np.random.Generator], Design]
    deviation: tuple[float, ...]
    scale: tuple[float, float]
    budget: float
    no_gain: bool = False
    one_optimum: bool = True
    has_pairs: bool = False


@dataclass(frozen=True)
class Optimum:
    """The best shares (languages,) of a truth, the mean loss there, how many of the starts ended within 1e-6 of it, and
    whether a random mixture was better, which must not be.
    """

    shares: Array
    loss: float
    agreeing: int
    beaten: bool


def terms(generator: np.random.Generator, count: int, n: float = _MIDDLE_N, d: float = _MIDDLE_D) -> dict[str, Array]:
    """E, A, alpha, B and beta of ``count`` languages, each (count,): at N = n and D = d the terms are 0.3 to 1 nat."""
    alpha, beta = generator.uniform(0.25, 0.4, count), generator.uniform(0.25, 0.4, count)
    return {
        "E": generator.uniform(0.5, 1.0, count),
        "A": generator.uniform(0.3, 0.8, count) * n**alpha,
        "alpha": alpha,
        "B": generator.uniform(0.4, 1.0, count) * d**beta,
        "beta": beta,
    }


def transfer(generator: np.random.Generator, count: int) -> Array:
    """(count, count): what a token of the column's language is worth to the row's; 1 on the diagonal."""
    worth = np.minimum(np.exp(generator.normal(np.log(0.12), 0.6, (count, count))), 0.8)
    np.fill_diagonal(worth, 1.0)
    return worth


def effective_data(t: dict[str, Array], worth: Array) -> Truth:
    """L_i = E_i + A_i N^-alpha_i + B_i (D sum_j t_ij p_j)^-beta_i."""
    return lambda n, d, p: (
        t["E"] + t["A"] * n[:, None] ** -t["alpha"] + t["B"] * (d[:, None] * (p @ worth.T)) ** -t["beta"]
    )


def additive(t: dict[str, Array], height: Array, power: Array) -> Truth:
    """L_i = E_i + A_i N^-alpha_i + B_i D^-beta_i + 1 / sum_j C_ij p_j^gamma_ij; heights C and powers gamma."""
    return lambda n, d, p: (
        t["E"]
        + t["A"] * n[:, None] ** -t["alpha"]
        + t["B"] * d[:, None] ** -t["beta"]
        + 1.0 / (height * p[:, None, :] ** power).sum(axis=2)
    )


def interacting(t: dict[str, Array], weight: Array, half: Array) -> Truth:
    """No candidate's form: N and D share one power mean, and a language's data is a CES mean of the shares (exponent
    1/2) that saturates in itself: L_i = E_i + ((A_i N^-alpha_i)^1.6 + (B_i (D s_i)^-beta_i)^1.6)^(1/1.6), where
    s_i = m_i (1 + h_i) / (m_i + h_i) and m_i = (sum_j w_ij p_j^(1/2))^2.
    """

    def losses(n: Array, d: Array, p: Array) -> Array:
        mean = (np.sqrt(np.maximum(p, 0.0)) @ weight.T) ** 2
        worth = mean * (1.0 + half) / (mean + half)
        by_params = t["A"] * n[:, None] ** -t["alpha"]
        by_tokens = t["B"] * (d[:, None] * worth) ** -t["beta"]
        return t["E"] + (by_params**1.6 + by_tokens**1.6) ** (1 / 1.6)

    return losses


def draw_effective(count: int, n: float = _MIDDLE_N, d: float = _MIDDLE_D) -> Callable[[np.random.Generator], Truth]:
    """Truths of the form ``effective-data``."""
    return lambda generator: effective_data(terms(generator, count, n, d), transfer(generator, count))


def draw_additive(count: int) -> Callable[[np.random.Generator], Truth]:
    """Truths of the form ``additive``: a mixture costs 0.2 to 0.5 nats where all tokens are one's own."""

    def draw(generator: np.random.Generator) -> Truth:
        own = 1.0 / generator.uniform(0.2, 0.5, count)
        height = own[:, None] * transfer(generator, count)
        return additive(terms(generator, count), height, generator.uniform(0.3, 0.9, (count, count)))

    return draw


def draw_interacting(count: int) -> Callable[[np.random.Generator], Truth]:
    """Truths of no candidate's form."""

    def draw(generator: np.random.Generator) -> Truth:
        weight = generator.uniform(0.05, 0.3, (count, count))
        np.fill_diagonal(weight, 1.0)
        return interacting(terms(generator, count), weight, generator.uniform(0.5, 3.0, count))

    return draw


def draw_null(count: int) -> Callable[[np.random.Generator], Truth]:
    """Truths in which the mixture does not matter: every token is worth the same to everybody."""
    return lambda generator: effective_data(terms(generator, count), np.ones((count, count)))


def draw_flat(count: int) -> Callable[[np.random.Generator], Truth]:
    """Truths in which all languages are alike and learn a lot from each other: equal shares are best, by a little."""

    def draw(generator: np.random.Generator) -> Truth:
        one = {name: np.repeat(value, count) for name, value in terms(generator, 1).items()}
        worth = np.full((count, count), generator.uniform(0.5, 0.7))
        np.fill_diagonal(worth, 1.0)
        return effective_data(one, worth)

    return draw


def draw_ladder(_: np.random.Generator) -> Truth:
    """Hoffmann et al. (2022): the same truth in every study."""
    numbers = {"E": 1.69, "A": 406.4, "alpha": 0.34, "B": 410.7, "beta": 0.28}
    return effective_data({name: np.array([value]) for name, value in numbers.items()}, np.ones((1, 1)))


def _design(rows: Sequence[tuple[float, float, Array, float, int, int]], languages: int) -> Design:
    """``rows`` of N, D, shares, distinct tokens of each language, trunk and seed."""
    return Design(
        np.array([row[0] for row in rows]),
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]).reshape(-1, languages),
        np.array([np.full(languages, row[3]) for row in rows]),
        np.array([row[4] for row in rows]),
        np.array([row[5] for row in rows]),
    )


def plan_mixtures(languages: int, drawn: int = 9) -> Callable[[np.random.Generator], Design]:
    """A sweep of usual shape: single languages, equal shares and random mixtures, each at two of three sizes, a trunk
    with a cooldown at each of three D; equal shares at the middle size with two seeds more.
    """
    sizes, lengths = (2e7, 6e7, 2e8), (4e8, 1e9, 2.5e9)

    def plan(generator: np.random.Generator) -> Design:
        uniform = np.full(languages, 1.0 / languages)
        mixtures = [uniform, *np.eye(languages), *generator.dirichlet(np.ones(languages), drawn)]
        trunks = [(sizes[k], mixture, 0) for j, mixture in enumerate(mixtures) for k in (j % 3, (j + 1) % 3)]
        trunks += [(sizes[1], uniform, seed) for seed in (0, 1, 2)]
        rows = [(n, d, p, np.inf, trunk, seed) for trunk, (n, p, seed) in enumerate(trunks) for d in lengths]
        return _design(_without_repeats(rows), languages)

    return plan


def _without_repeats(rows: Sequence[tuple]) -> list[tuple]:
    """The rows without those that repeat N, D, mixture and seed of another."""
    seen = {(n, d, p.tobytes(), seed): (n, d, p, unique, trunk, seed) for n, d, p, unique, trunk, seed in rows}
    return list(seen.values())


def plan_ladder(generator: np.random.Generator) -> Design:
    """One language: D about 20 N along nine sizes of 10 M to 1 B, two seeds each."""
    sizes = np.geomspace(1e7, 1e9, 9)
    rows = [
        (n, 20 * n * float(np.exp(generator.normal(0, 0.05))), np.ones(1), np.inf, 2 * k + seed, seed)
        for k, n in enumerate(sizes)
        for seed in (0, 1)
    ]
    return _design(rows, 1)


def plan_grid(_: np.random.Generator) -> Design:
    """One language: five sizes, each a trunk with a cooldown at each of five D, so that N and D are told apart."""
    rows = [
        (n, d, np.ones(1), np.inf, 2 * k + seed, seed)
        for k, n in enumerate(np.geomspace(1e7, 1e9, 5))
        for d in np.geomspace(2e8, 2e10, 5)
        for seed in (0, 1)
    ]
    return _design(rows, 1)


def plan_few(_: np.random.Generator) -> Design:
    """One language: three sizes, each one trunk with a cooldown at each of four D."""
    rows = [
        (n, d, np.ones(1), np.inf, k, k)
        for k, n in enumerate(np.geomspace(1e7, 1e9, 3))
        for d in np.geomspace(2e8, 2e10, 4)
    ]
    return _design(rows, 1)


def plan_demo(generator: np.random.Generator) -> Design:
    """The sweep of the demo (codescale/presets/demo.yaml): a grid of each language alone, pairs at one scale with two
    seeds, each language alone over half of its tokens twice, and 24 mixtures of which the uniform one has three seeds.
    """
    sizes, lengths = (26_784.0, 83_088.0, 150_976.0), (1e5, 2e5, 4e5)
    alone, uniform = np.eye(7), np.full(7, 1 / 7)
    trunks: list[tuple[float, Sequence[float], Array, float, int]] = []
    trunks += [(n, lengths, own, np.inf, 0) for own in alone for n in sizes]
    for seed in (0, 1):
        trunks += [(sizes[1], (1e5, 2e5), own, 1e5, seed) for own in alone]
        trunks += [(sizes[1], (2e5,), (alone[i] + alone[j]) / 2, 1e5, seed) for i, j in combinations(range(7), 2)]
    trunks += [(sizes[2], lengths[1:], uniform, np.inf, seed) for seed in (0, 1, 2)]
    trunks += [(sizes[2], lengths[1:], mixture, np.inf, 0) for mixture in generator.dirichlet(np.ones(7), 23)]
    rows = [(n, d, p, unique, k, seed) for k, (n, ends, p, unique, seed) in enumerate(trunks) for d in ends]
    return _design(rows, 7)


def as_fresh(design: Design) -> tuple[Array, Array]:
    """D' (rows,) and shares (rows, languages) of fresh tokens that are worth what the rows saw, repeats included."""
    seen = design.n_tokens[:, None] * design.shares
    again = np.maximum(np.where(seen > 0, seen / design.unique, 1.0) - 1.0, 0.0)
    finite = np.where(np.isfinite(design.unique), design.unique, 0.0)
    worth = np.where(again > 0, finite * (1.0 - HALF_LIFE * np.expm1(-again / HALF_LIFE)), seen)
    total = worth.sum(axis=1)
    return total, worth / total[:, None]


def true_losses(truth: Truth, design: Design) -> Array:
    """(rows, languages): without luck."""
    tokens, shares = as_fresh(design)
    return truth(design.n_params, tokens, shares)


def lucky_losses(truth: Truth, design: Design, deviation: Sequence[float], generator: np.random.Generator) -> Array:
    """(rows, languages): as a study would measure them; log losses have a standard deviation of ``deviation``."""
    rows, languages = len(design), len(deviation)
    trunks, seeds = design.trunk.max() + 1, design.seed.max() + 1
    parts = {
        "seed": generator.standard_normal((seeds, languages))[design.seed],
        "run": generator.standard_normal((trunks, 1))[design.trunk],
        "run and language": generator.standard_normal((trunks, languages))[design.trunk],
        "row": generator.standard_normal((rows, languages)),
    }
    luck = sum(np.sqrt(LUCK[name]) * part for name, part in parts.items())
    return true_losses(truth, design) * np.exp(luck * np.array(deviation))


def new_runs(design: Design, factors: tuple[float, float], rows: int, generator: np.random.Generator) -> Design:
    """``rows`` runs of new mixtures and seeds, at an N and D of the design times ``factors``.

    With a factor above 1 it is the largest N (or D) that is multiplied, and the other is any that the design has.
    """
    like = generator.integers(len(design), size=rows)
    n_params = design.n_params[like] if factors[0] == 1 else np.full(rows, factors[0] * design.n_params.max())
    n_tokens = design.n_tokens[like] if factors[1] == 1 else np.full(rows, factors[1] * design.n_tokens.max())
    languages = design.shares.shape[1]
    return fresh_runs(n_params, n_tokens, generator.dirichlet(np.ones(languages), rows))


def fresh_runs(n_params: Array, n_tokens: Array, shares: Array) -> Design:
    """Runs of fresh tokens, each with a trunk and a seed of its own."""
    number = np.arange(len(shares))
    return Design(n_params, n_tokens, shares, np.full(shares.shape, np.inf), number, number)


def true_synergy(truth: Truth, scale: tuple[float, float], languages: int) -> Array:
    """(languages, languages): the gain of the column's language on the row's loss, as docs/synergy.md defines it."""
    alone = np.eye(languages)
    shares = np.array([(alone[i] + alone[j]) / 2 for i in range(languages) for j in range(languages)])
    rows = len(shares)
    number = np.arange(rows)
    unique = np.full(shares.shape, scale[1] / 2)
    runs = Design(np.full(rows, scale[0]), np.full(rows, scale[1]), shares, unique, number, number)
    losses = true_losses(truth, runs).reshape(languages, languages, languages)
    own = losses[np.arange(languages), :, np.arange(languages)]
    return 1.0 - own / np.diag(own)[:, None]


def write_table(path: Path, languages: Sequence[str], design: Design, losses: Array) -> None:
    """The runs table (docs/runs-table.md) as CSV."""
    columns: dict[str, object] = {
        "run_id": [f"run{trunk}-{round(d)}" for trunk, d in zip(design.trunk, design.n_tokens, strict=True)],
        "parent_run_id": [f"trunk{trunk}" for trunk in design.trunk],
        "n_params": design.n_params,
        "n_tokens": design.n_tokens,
        "seed": design.seed,
    }
    for k, name in enumerate(languages):
        columns[f"proportion.{name}"] = design.shares[:, k]
        columns[f"loss.{name}"] = losses[:, k]
    if np.isfinite(design.unique).any():
        # Fresh tokens: as many distinct ones as were seen.
        seen = design.n_tokens[:, None] * design.shares
        for k, name in enumerate(languages):
            columns[f"unique_tokens.{name}"] = np.minimum(seen, design.unique)[:, k]
    pyarrow.csv.write_csv(pa.table(columns), path)


def find_optimum(truth: Truth, scale: tuple[float, float], languages: int, generator: np.random.Generator) -> Optimum:
    """The shares of least mean loss at N and D: SLSQP from equal shares, near every vertex and from random mixtures;
    4,000 random mixtures check it.
    """

    def mean_loss(shares: Array) -> Array:
        rows = np.atleast_2d(np.maximum(shares, 0.0))
        return truth(np.full(len(rows), scale[0]), np.full(len(rows), scale[1]), rows).mean(axis=1)

    uniform = np.full(languages, 1.0 / languages)
    starts = [uniform, *(0.1 * uniform + 0.9 * np.eye(languages))]
    starts += list(generator.dirichlet(np.ones(languages), max(_STARTS - len(starts), 2)))
    found = []
    for start in starts:
        result = minimize(
            lambda p: float(mean_loss(p)[0]), start, method="SLSQP", bounds=[(0.0, 1.0)] * languages,
            constraints={"type": "eq", "fun": lambda p: p.sum() - 1.0}, options={"ftol": 1e-13, "maxiter": 500},
        )  # fmt: skip
        shares = np.clip(result.x, 0.0, 1.0)
        found.append(shares / shares.sum())
    losses = mean_loss(np.array(found))
    best = float(losses.min())
    beaten = bool((mean_loss(generator.dirichlet(np.full(languages, 0.7), _RANDOM)) < best - 1e-9).any())
    return Optimum(found[int(losses.argmin())], best, int((losses < best * (1 + 1e-6)).sum()), beaten)


def best_scale(truth: Truth, flops: float, shares: Array) -> tuple[float, float]:
    """The N and D of least mean loss at 6 N D = ``flops``, to 0.1 %."""
    log_n = np.linspace(np.log(1e2), np.log(1e13), 25_329)
    n, d = np.exp(log_n), flops / 6.0 / np.exp(log_n)
    best = int(truth(n, d, np.tile(shares, (len(n), 1))).mean(axis=1).argmin())
    return float(n[best]), float(d[best])


def better_spent(truth: Truth, scale: tuple[float, float], shares: Array) -> list[str]:
    """Per language ``data`` or ``parameters``: what 1 % more compute is better spent on."""
    n, d = np.array([1.0, 1.01, 1.0]) * scale[0], np.array([1.0, 1.0, 1.01]) * scale[1]
    losses = truth(n, d, np.tile(shares, (3, 1)))
    return ["data" if by_data < by_params else "parameters" for _, by_params, by_data in losses.T]


def _noise(count: int, value: float = 0.004) -> tuple[float, ...]:
    return (value,) * count


_SCALE = (2e8, 2.5e9)
_BUDGET = 6 * 4 * 2e8 * 2.5e9
_FOUR = ("python", "java", "go", "rust")
_THREE = ("python", "java", "rust")

WORLDS: dict[str, World] = {
    world.name: world
    for world in (
        World("effective-data", "L_i = E_i + A_i N^-α_i + B_i (D Σ_j t_ij p_j)^-β_i, the form of that name", _FOUR,
              draw_effective(4), plan_mixtures(4), _noise(4), _SCALE, _BUDGET),
        World("additive", "L_i = E_i + A_i N^-α_i + B_i D^-β_i + 1 / Σ_j C_ij p_j^γ_ij, the form of that name", _FOUR,
              draw_additive(4), plan_mixtures(4), _noise(4), _SCALE, _BUDGET),
        World("no-candidate", "N and D interact, and shares enter through a CES mean that saturates: no form has that",
              _FOUR, draw_interacting(4), plan_mixtures(4), _noise(4), _SCALE, _BUDGET),
        World("null", "the mixture does not matter at all", _THREE,
              draw_null(3), plan_mixtures(3), _noise(3), _SCALE, _BUDGET, no_gain=True, one_optimum=False),
        World("flat", "equal shares are best, and others hardly worse", _THREE,
              draw_flat(3), plan_mixtures(3), _noise(3), _SCALE, _BUDGET, no_gain=True),
        World("one-noisy", "as effective-data; the last language is three times as noisy as the others", _FOUR,
              draw_effective(4), plan_mixtures(4), (*_noise(3), 0.012), _SCALE, _BUDGET),
        World("ladder", "one language, N and D rise together: L = 1.69 + 406.4 N^-0.34 + 410.7 D^-0.28", ("python",),
              draw_ladder, plan_ladder, _noise(1), (1e9, 2e10), 1.2e21, one_optimum=False),
        World("grid", "the ladder's truth, N and D varied apart", ("python",),
              draw_ladder, plan_grid, _noise(1), (1e9, 2e10), 1.2e21, one_optimum=False),
        World("few", "the ladder's truth, three trunks of four branches", ("python",),
              draw_ladder, plan_few, _noise(1), (1e9, 2e10), 1.2e21, one_optimum=False),
        World("demo", "the demo's sweep: seven languages alone, in pairs and in mixtures; truth as effective-data",
              SEVEN, draw_effective(7, 8e4, 2e5), plan_demo, _noise(7, 0.008), (150_976.0, 4e5),
              6 * 4 * 150_976.0 * 4e5, has_pairs=True),
    )
}  # fmt: skip
