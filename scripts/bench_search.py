"""Benchmarks the search without training: what each method pays until its recommendation is nearly the best mixture.

    .venv/bin/python scripts/bench_search.py [--full] [--data ../shared/data] [--runs TABLE] [--only NAME …]

Landscapes: RegMix's 512 runs as two surrogates of different families (a Gaussian process on square roots of shares;
LightGBM's trees), searched within the shares that its runs had; planted laws of seven languages with synergies that no
form of a law knows, several scales and loss curves, where a cheap sweep at a tenth of N and of D comes before the
search; and one of them whose transfer between languages changes with scale, so that the law of the cheap sweep is
wrong. ``--runs`` adds a law fitted to a table of real runs, a sweep at half of N and D before it. Regret is read off
the landscape without noise, as a part of the best attainable gain over uniform. Cost is 6ND of all runs, the cheap
sweep and stopped trials included. ``--full`` takes twice the seeds and budgets
and writes docs/benchmarks/search.md.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pyarrow as pa

from codescale.allocation.optimize import optimize_mixture
from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.laws.gp.kernel import covariance, fit_hyperparameters
from codescale.laws.law import Law
from codescale.laws.warning import LawWarning
from codescale.mixtures.mixture import Mixture
from codescale.runs.table import RunsTable
from codescale.runs.table_reader import read_runs
from codescale.search.simulation.landscape import Attainable, Landscape, attainable, of_law
from codescale.search.simulation.simulate import Known, Outcome, SearchPlan, cost_to, simulate
from codescale.search.space.feasible_region import FeasibleRegion
from codescale.search.space.space import SearchSpace
from codescale.stages.timings import machine

GOAL = 0.1
NOISE = 0.003
"""Of a run's log loss, between seeds."""
LANGUAGES = ("python", "java", "javascript", "typescript", "csharp", "go", "rust")
SMALL = 0.1
"""Of N and of D: the scale of the cheap sweep; each of its runs costs a hundredth of a trial."""
DATA = Path(__file__).parents[2] / "shared" / "data"


@dataclass(frozen=True)
class Stage:
    """A landscape with its space, the best there, and what is known before the search: nothing, or a sweep of so many
    runs at ``part`` of N and D.
    """

    landscape: Landscape
    space: SearchSpace
    best: Attainable
    sweep: int
    part: float = 1.0


@dataclass(frozen=True)
class SquareRootProcess:
    """RegMix as a Gaussian process: a constant mean, Matérn 5/2 over square roots of shares, for each target."""

    inputs: Array
    means: Array
    relevance: Array
    dual: Array

    def __call__(self, log_params: Array, log_tokens: Array, shares: Array) -> Array:
        at = np.sqrt(shares)
        columns = [covariance(own, at, self.inputs) @ dual for own, dual in zip(self.relevance, self.dual, strict=True)]
        return self.means + np.column_stack(columns)


@dataclass(frozen=True)
class Trees:
    """RegMix as its authors' regressor: LightGBM's trees for each target, as text, since a booster is no value."""

    models: tuple[str, ...]

    def __call__(self, log_params: Array, log_tokens: Array, shares: Array) -> Array:
        return np.column_stack([grown.predict(shares, num_threads=1) for grown in _boosters(self.models)])


@cache
def _boosters(models: tuple[str, ...]) -> list:
    import lightgbm

    return [lightgbm.Booster(model_str=text) for text in models]


def grow(shares: Array, log_losses: Array, rounds: int = 1000) -> Trees:
    """RegMix's settings: 1,000 rounds at a learning rate of 0.01."""
    import lightgbm

    settings = {"objective": "regression", "learning_rate": 0.01, "seed": 42, "verbose": -1, "num_threads": 1}
    models = [
        lightgbm.train(settings, lightgbm.Dataset(shares, column), num_boost_round=rounds).model_to_string()
        for column in log_losses.T
    ]
    return Trees(tuple(models))


def square_root_process(shares: Array, log_losses: Array) -> SquareRootProcess:
    """Fitted by the marginal likelihood, target by target."""
    inputs, means = np.sqrt(shares), log_losses.mean(axis=0)
    padded = np.hstack([np.zeros((len(inputs), 2)), inputs])
    relevance, dual = [], []
    for residuals in (log_losses - means).T:
        found = fit_hyperparameters(padded, residuals, np.ones(len(residuals)))
        own = found.relevance[2:]
        matrix = found.amplitude**2 * covariance(own, inputs, inputs)
        matrix[np.diag_indices(len(matrix))] += found.noise**2
        relevance.append(own)
        dual.append(found.amplitude**2 * np.linalg.solve(matrix, residuals))
    return SquareRootProcess(inputs, means, np.array(relevance), np.array(dual))


@dataclass(frozen=True)
class Planted:
    """L_i = E_i + A_i N^-a_i + B_i (D s_i)^-b_i, where s_i = sum_j t_ij p_j + sum_j u_ij sqrt(p_i p_j).

    The second sum, what a pair is worth beyond both, is in no form of a law. t goes from ``near`` at the cheap sweep's
    N to ``far`` at the target's.
    """

    floor: Array
    height_n: Array
    alpha: Array
    height_d: Array
    beta: Array
    near: Array
    far: Array
    together: Array
    log_near: float
    log_far: float

    def __call__(self, log_params: Array, log_tokens: Array, shares: Array) -> Array:
        part = np.clip((log_params - self.log_near) / (self.log_far - self.log_near), 0.0, 1.0)[:, None]
        roots = np.sqrt(np.maximum(shares, 0.0))
        worth = (1 - part) * (shares @ self.near.T) + part * (shares @ self.far.T)
        worth = worth + roots * (roots @ self.together.T) + 1e-5
        data = log_tokens[:, None] + np.log(worth)
        size = self.height_n * np.exp(-self.alpha * log_params[:, None])
        return np.log(self.floor + size + self.height_d * np.exp(-self.beta * data))


def planted(seed: int, biased: bool, n_params: float) -> Planted:
    """Seven languages, some of which are hard and some of which teach others. ``biased``: who teaches whom at the small
    scale has nothing to do with who does at the large one.
    """
    generator = np.random.default_rng(seed)
    count = len(LANGUAGES)

    def transfer() -> Array:
        matrix = 0.02 + 0.5 * generator.random((count, count)) ** 3
        matrix[:, generator.integers(count)] += 0.5
        np.fill_diagonal(matrix, 1.0)
        return matrix

    near = transfer()
    far = transfer() if biased else near
    pairs = np.where(generator.random((count, count)) < 0.2, 0.4 * generator.random((count, count)), 0.0)
    np.fill_diagonal(pairs, 0.0)
    return Planted(
        1.0 + 0.5 * generator.random(count), 20 + 20 * generator.random(count), 0.25 + 0.05 * generator.random(count),
        100 + 400 * generator.random(count), 0.28 + 0.06 * generator.random(count), near, far, pairs,
        float(np.log(SMALL * n_params)), float(np.log(n_params)),
    )  # fmt: skip


@cache
def stage(name: str, data: Path, runs: Path | None) -> Stage:
    """The landscape called ``name``."""
    if name.startswith("RegMix"):
        table = read_runs(data / "regmix_1m_train.csv")
        fit: Callable[[Array, Array], SquareRootProcess | Trees]
        fit = grow if name.endswith("trees") else square_root_process
        losses = fit(table.proportions, np.log(table.losses))
        weights = dict.fromkeys(table.targets, 1.0)
        landscape = Landscape(table.domains, table.targets, losses, weights, 1e6, 1e9, NOISE)
        ranges = zip(table.domains, table.proportions.min(axis=0), table.proportions.max(axis=0), strict=True)
        space = SearchSpace("regmix", {domain: (float(low), float(high)) for domain, low, high in ranges}, {})
        return Stage(landscape, space, attainable(landscape, space), 0)
    if name == "runs":
        assert runs is not None
        table = read_runs(runs)
        law = fit_law(table, bootstrap=0)
        landscape = of_law(
            law, dict.fromkeys(law.targets, 1.0), float(table.n_params.max()), float(table.n_tokens.max()), None, 3
        )
        space = SearchSpace("runs", dict(law.fitted_range.proportions), {})
        return Stage(landscape, space, attainable(landscape, space), 24, 0.5)
    n_params, n_tokens = 1e8, 2e9
    truth = planted(int(name[-1]) if name[-1].isdigit() else 0, "biased" in name, n_params)
    weights = dict.fromkeys(LANGUAGES, 1.0)
    landscape = Landscape(LANGUAGES, LANGUAGES, truth, weights, n_params, n_tokens, NOISE, evaluations=3)
    space = SearchSpace("seven_languages", dict.fromkeys(LANGUAGES, (0.0, 1.0)), {})
    return Stage(landscape, space, attainable(landscape, space), 60, SMALL)


def random_mixtures(where: Stage, count: int, generator: np.random.Generator) -> Array:
    """(count, domains): uniform in the cube of the space's coordinates."""
    size = where.space.coordinates.size
    mixtures = [where.space.coordinates.mixture(row) for row in generator.random((count, size))]
    return np.array([mixture.array(where.landscape.domains) for mixture in mixtures])


def sweep_runs(where: Stage, count: int, seed: int, part: float) -> tuple[RunsTable, float]:
    """``count`` runs at ``part`` of N and of D (and, of a cheap sweep, half of each too), and their FLOPs."""
    landscape = where.landscape
    generator = np.random.default_rng((seed, 2))
    shares = random_mixtures(where, count, generator)
    parts = np.full((count, 2), part)
    if part < 1:
        parts[::3, 0] /= 2
        parts[1::3, 1] /= 2
    sizes, tokens = parts[:, 0] * landscape.n_params, parts[:, 1] * landscape.n_tokens
    losses = np.array(
        [landscape.run(row, generator, n, d).losses for row, n, d in zip(shares, sizes, tokens, strict=True)]
    )
    names = np.array([f"run-{k}" for k in range(count)], dtype=object)
    blank = np.full(count, "", dtype=object)
    table = RunsTable(
        "the sweep", landscape.domains, landscape.targets, names, names, sizes, tokens, shares, losses,
        np.full(count, "ok", dtype=object), np.ones(count, dtype=bool), np.zeros(count), blank, blank,
        np.full(count, np.nan), table=pa.table({"row": np.arange(count)}),
    )  # fmt: skip
    return table, float(sum(landscape.cost(d, n) for n, d in zip(sizes, tokens, strict=True)))


def law_of(where: Stage, table: RunsTable) -> tuple[Law, Mixture]:
    """The additive law of ``table``, and its optimum at the landscape's scale."""
    landscape = where.landscape
    law = fit_law(table, "additive", bootstrap=12, workers=1)
    found = optimize_mixture(law, landscape.n_params, landscape.n_tokens, landscape.weights, dict(where.space.bounds))
    return law, found.mixture


def before(where: Stage, method: str, seed: int) -> Known:
    """What ``method`` knows before its first trial: of the sweep, or (where there is none) of 48 runs."""
    wanted = method.startswith("TPE from the law's optimum") or (method == "ours" and where.sweep)
    if not wanted:
        return Known()
    table, cost = sweep_runs(where, where.sweep or 48, seed, where.part)
    law, best = law_of(where, table)
    return Known(law, table, best, cost) if method == "ours" else Known(start=best, cost=cost)


def designs(where: Stage, method: str, seed: int, most: int) -> Outcome:
    """Methods without a sequence: a design of random runs, and what it recommends, for designs of growing size."""
    landscape, costs, regrets, chosen = where.landscape, [], [], np.empty(0)
    for count in [size for size in (16, 32, 64, 128, 256, 512, 1024, 2048) if size <= most]:
        if method == "law alone":
            table, cost = sweep_runs(where, count, seed, where.part)
            try:
                chosen = law_of(where, table)[1].array(landscape.domains)
            except UserError:  # more parameters than runs
                continue
        else:
            table, cost = sweep_runs(where, count, seed, 1.0)
            grown = grow(table.proportions, np.log(table.losses), 300)
            region = FeasibleRegion(where.space, landscape.domains)
            drawn = region.sample(20_000, np.random.default_rng((seed, 3))).shares
            weight = np.array([landscape.weights[name] for name in landscape.targets])
            predicted = np.exp(grown(np.empty(0), np.empty(0), drawn)) @ weight
            chosen = drawn[np.argsort(predicted)[:100]].mean(axis=0)
        costs.append(cost)
        regrets.append(where.best.regret(float(landscape.objective(chosen[None])[0])))
        if len(regrets) > 1 and max(regrets[-2:]) <= GOAL:
            break
    return Outcome(np.array(costs), np.array(regrets), np.array(regrets), 0, chosen)


SAMPLERS = {"ours": "law", "random": "random", "TPE": "tpe", "GP": "gp"}
STOPPING = ", stopping"
"""A rival that stops trials by our rule where there are curves. The GP sampler learns nothing from stopped trials."""


BUDGETS = {
    "ours": 400,
    "ours, without the sweep": 400,
    "law alone": 512,
    "GP": 200,
    "TPE": 800,
    "TPE, stopping": 800,
    "TPE from the law's optimum": 400,
    "TPE from the law's optimum, stopping": 400,
    "random": 2000,
    "random, stopping": 2000,
    "swarm": 2048,
}
"""Trials, or the largest design; without ``--full`` half of it."""


def takes_part(method: str, where: Stage) -> bool:
    """Whether ``method`` differs on this landscape from the one that it is a variant of."""
    if method.endswith(STOPPING):
        return where.landscape.evaluations > 0
    return where.sweep > 0 or method != "ours, without the sweep"


def one(name: str, method: str, seed: int, budget: int, data: Path, runs: Path | None) -> Outcome:
    """One search on one landscape."""
    warnings.simplefilter("ignore")
    where = stage(name, data, runs)
    if method in ("swarm", "law alone"):
        return designs(where, method, seed, budget)
    rival = next(own for own in SAMPLERS if method.startswith(own))
    prune = where.landscape.evaluations > 0 and (rival == "ours" or method.endswith(STOPPING))
    every = 1 if where.sweep else 5
    plan = SearchPlan(SAMPLERS[rival], budget, prune=prune, report_every=every, until=GOAL)  # type: ignore[arg-type]
    return simulate(where.landscape, where.space, plan, before(where, method, seed), where.best, seed)


def own_end(name: str, seed: int, data: Path, runs: Path | None) -> Outcome:
    """Our search as it is in earnest: it ends where it says that too little is to be gained."""
    warnings.simplefilter("ignore")
    where = stage(name, data, runs)
    plan = SearchPlan(
        "law", BUDGETS["ours"], prune=where.landscape.evaluations > 0, report_every=BUDGETS["ours"], ends=True
    )
    return simulate(where.landscape, where.space, plan, before(where, "ours", seed), where.best, seed)


def row(method: str, outcomes: list[Outcome], trial: float, budget: int) -> str:
    """A line of the table: cost to the goal in trials at full size, over seeds; censored ones count as the budget."""
    costs = np.array([cost_to(outcome, GOAL) for outcome in outcomes]) / trial
    reached = np.isfinite(costs)
    shown = []
    for quantile in (0.5, 0.05, 0.95):
        value = float(np.quantile(np.where(reached, costs, np.inf), quantile, method="higher"))
        shown.append(f"> {budget}" if not np.isfinite(value) else f"{value:.3g}")
    final = np.median([outcome.regret[-1] for outcome in outcomes])
    return f"| {method} | {shown[0]} | {shown[1]} to {shown[2]} | {int(reached.sum())} of {len(costs)} | {final:.1%} |"


def main() -> None:
    """Runs every method on every landscape and prints (with ``--full`` writes) the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--runs", type=Path, help="a table of real runs, as a further landscape")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--seeds", type=int, default=None)
    parser.add_argument("--only", nargs="*", default=None, help="landscapes to take")
    parser.add_argument("--methods", nargs="*", default=None)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--page", type=Path, default=None)
    arguments = parser.parse_args()
    seeds = arguments.seeds or (20 if arguments.full else 10)
    chosen = arguments.methods or list(BUDGETS)
    part = 1 if arguments.full else 2
    budgets = {name: budget // part for name, budget in BUDGETS.items() if name in chosen}
    names = ["RegMix, process", "RegMix, trees", "planted", "planted, biased"]
    if not arguments.data.is_dir():
        print(f"{arguments.data} is not there: RegMix is left out", flush=True)
        names = names[2:]
    names += ["runs"] if arguments.runs else []
    names = [name for name in names if arguments.only is None or name in arguments.only]
    begun = time.monotonic()
    results: dict[tuple[str, str], list[Outcome]] = {}
    with ProcessPoolExecutor(arguments.workers, get_context("spawn")) as pool:
        waiting = {
            pool.submit(one, name, method, seed, budget, arguments.data, arguments.runs): (name, method)
            for name in names
            for method, budget in budgets.items()
            if takes_part(method, stage(name, arguments.data, arguments.runs))
            for seed in range(seeds)
        }
        ending = {
            name: [pool.submit(own_end, name, k, arguments.data, arguments.runs) for k in range(seeds)]
            for name in names
        }
        for finished in as_completed(waiting):
            results.setdefault(waiting[finished], []).append(finished.result())
            name, method = waiting[finished]
            if len(results[name, method]) == seeds:
                trial = stage(name, arguments.data, arguments.runs).landscape.cost()
                print(f"{name}: {row(method, results[name, method], trial, budgets[method])}", flush=True)
        ends = {name: [one.result() for one in own] for name, own in ending.items()}
    lines = page(names, results, budgets, seeds, time.monotonic() - begun, arguments) + page_of_ends(
        names, ends, arguments
    )
    print("\n".join(lines))
    target = arguments.page or (
        Path(__file__).parents[1] / "docs" / "benchmarks" / "search.md" if arguments.full else None
    )
    if target is not None:
        target.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"Wrote {target}")


def page(
    names: list[str], results: dict[tuple[str, str], list[Outcome]], budgets: dict[str, int], seeds: int,
    seconds: float, arguments: argparse.Namespace,
) -> list[str]:  # fmt: skip
    """The page of results."""
    here = machine()
    lines = [
        "# The search against what else there is", "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `scripts/bench_search.py`{' --full' if arguments.full else ''} "
        f"in {seconds / 60:.0f} minutes: {here['cpu']}, {here['cores']} cores, {here['memory_gb']} GB; Python "
        f"{here['python']}.", "",
        f"Cost until the recommended mixture's regret is at most {GOAL:.0%} of the best attainable gain over uniform "
        f"(and at the next evaluation: a trial later on planted landscapes, else five), in full-size trials (6ND), "
        f"all runs counted; {seeds} seeds, median and 5th "
        f"to 95th percentile; `>` where that many seeds had not got there within the budget. A run's log losses have "
        f"noise of {NOISE:g}. The last column is the median regret at the end of the budget, or where a search had "
        "reached the goal and stopped.", "",
    ]  # fmt: skip
    for name in names:
        trial = stage(name, arguments.data, arguments.runs).landscape.cost()
        lines += [f"## {name}", "", "| method | cost | 5 % to 95 % | reached | regret at the end |"]
        lines += ["| --- | ---: | ---: | ---: | ---: |"]
        there = [method for method in budgets if (name, method) in results]
        lines += [row(method, results[name, method], trial, budgets[method]) for method in there]
        lines.append("")
    return lines


def page_of_ends(names: list[str], ends: dict[str, list[Outcome]], arguments: argparse.Namespace) -> list[str]:
    """Where our search ends of itself, and how good what it recommends is there."""
    lines = [
        "## Where ours ends of itself", "",
        "What another trial was expected to gain stayed below the objective's deviation between seeds for three "
        "trials, and then what all further trials together may gain did: medians, 5th to 95th percentile.", "",
        "| landscape | cost | 5 % to 95 % | regret | 5 % to 95 % | deviation between seeds, of the gain |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    for name in names:
        where = stage(name, arguments.data, arguments.runs)
        told = [one.end for one in ends[name] if one.end is not None]
        cells = []
        for values, form in (
            ([end.cost / where.landscape.cost() for end in told], "{:.1f}"),
            ([end.regret for end in told], "{:.1%}"),
        ):
            low, middle, high = np.quantile(values, [0.05, 0.5, 0.95]) if values else [np.nan] * 3
            cells += [form.format(middle), f"{form.format(low)} to {form.format(high)}"]
        noise = where.landscape.deviation(where.best.shares) / (where.best.uniform - where.best.best)
        lines.append(f"| {name} ({len(told)} of {len(ends[name])} ended) | {' | '.join(cells)} | {noise:.1%} |")
    return lines


if __name__ == "__main__":
    warnings.simplefilter("ignore", LawWarning)
    main()
