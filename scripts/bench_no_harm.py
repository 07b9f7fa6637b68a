"""Benchmarks searches under a rule of no harm: how often the recommended mixture keeps it, and what keeping it costs.

    .venv/bin/python scripts/bench_no_harm.py [--searches 100] [--trials 30] [--workers 2] [--only NAME …] [--page]

Every search has a landscape of its own: seven languages of the form that scripts/bench_search.py plants, none of which
teaches all others; the weights of a web team; a natural mixture (the rule's reference) whose tokens are log-normal.
Kept means that no language's true loss, without noise, is above its true loss under the reference by more than the
margin. Cost is 6ND of all runs, the sweep and stopped trials included, until the recommendation's regret is at most a
tenth of the best attainable gain over the reference (under the rule: of what the rule allows), and still is a trial
later. ``--page`` prints the table for docs/benchmarks/no_harm.md.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context

import numpy as np
from bench_search import LANGUAGES, NOISE, SMALL, Planted, Stage, law_of, planted, sweep_runs

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.laws.warning import LawWarning
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule, ResolvedNoHarm
from codescale.search.simulation.landscape import Attainable, Landscape, attainable
from codescale.search.simulation.simulate import Known, SearchPlan, cost_to, simulate
from codescale.search.space.space import SearchSpace
from codescale.stages.timings import machine

GOAL = 0.1
WEB_TEAM = {"typescript": 3.0, "javascript": 2.0, "python": 2.0, "java": 0.5, "csharp": 0.5, "go": 0.5, "rust": 0.5}
MARGINS = {"2 %": NoHarmRule("natural", 0.02, True), "0.01 nats": NoHarmRule("natural", 0.01, False)}
N, D = 1e8, 2e9
SWEEP = 60
"""Runs of the cheap sweep, each a hundredth of a trial or less."""
STARTS = {"cold": "", "after a sweep": "sweep", "after a sweep that misleads": "biased"}


@dataclass(frozen=True)
class Question:
    """One landscape with its space, rule, and the best with and without the rule."""

    landscape: Landscape
    space: SearchSpace
    no_harm: ResolvedNoHarm
    free: Attainable
    kept: Attainable

    @property
    def binds(self) -> bool:
        """Whether the best mixture without the rule breaks it."""
        return not self.kept.kept(self.landscape.losses(self.free.shares[None])[0])


@dataclass(frozen=True)
class Found:
    """A search: whether its last recommendation keeps the rule, its regret, its cost in trials until the goal, and how
    far the worst language was above what is allowed (nats per token).
    """

    kept: bool
    regret: float
    cost: float
    excess: float


@dataclass(frozen=True)
class Pair:
    """The same landscape searched under the rule and without it."""

    binds: bool
    under: Found
    free: Found


def truth(seed: int, biased: bool) -> Planted:
    """As scripts/bench_search.py plants it, but for who teaches whom: little is learned from others, so that a team's
    own languages are won at a cost of the others. ``biased``: at the small scale others teach than at the large one.
    """
    generator = np.random.default_rng((seed, 6))
    count = len(LANGUAGES)

    def transfer() -> Array:
        matrix = np.minimum(np.exp(generator.normal(np.log(0.12), 0.6, (count, count))), 0.8)
        np.fill_diagonal(matrix, 1.0)
        return matrix

    near = transfer()
    return replace(planted(seed, False, N), near=near, far=transfer() if biased else near)


def question(seed: int, rule: NoHarmRule, biased: bool) -> Question | None:
    """The landscape of ``seed``; None where the reference is nearly as good as anything that the rule allows."""
    generator = np.random.default_rng((seed, 5))
    tokens = np.exp(generator.standard_normal(len(LANGUAGES)))
    reference = Mixture.from_array(LANGUAGES, tokens / tokens.sum())
    landscape = Landscape(LANGUAGES, LANGUAGES, truth(seed, biased), WEB_TEAM, N, D, NOISE, evaluations=3)
    space = SearchSpace("seven_languages", dict.fromkeys(LANGUAGES, (0.0, 1.0)), {})
    no_harm = ResolvedNoHarm(rule, reference)
    try:
        kept = attainable(landscape, space, 2, no_harm)
    except UserError:
        return None
    assert kept.yardstick is not None
    return Question(landscape, space, no_harm, replace(attainable(landscape, space, 2), yardstick=kept.yardstick), kept)


def pair(rule: NoHarmRule, start: str, trials: int, seed: int) -> Pair | None:
    """The landscape of ``seed`` searched under the rule and without it, from the same sweep."""
    warnings.simplefilter("ignore", LawWarning)
    asked = question(seed, rule, start == "biased")
    if asked is None:
        return None
    known = Known()
    if start:
        where = Stage(asked.landscape, asked.space, asked.free, SWEEP, SMALL)
        table, cost = sweep_runs(where, SWEEP, seed, SMALL)
        law, best = law_of(where, table)
        known = Known(law, table, best, cost)
    return Pair(asked.binds, _search(asked, known, True, trials, seed), _search(asked, known, False, trials, seed))


def _search(asked: Question, known: Known, under: bool, trials: int, seed: int) -> Found:
    target = asked.kept if under else asked.free
    if under and known.law is not None:
        known = replace(known, start=_law_optimum(asked, known))
    plan = SearchPlan("law", trials, prune=True, report_every=1, no_harm=asked.no_harm if under else None)
    outcome = simulate(asked.landscape, asked.space, plan, known, target, seed)
    losses = asked.landscape.losses(outcome.recommended[None])[0]
    excess = float((losses - asked.landscape.ceilings(asked.no_harm)).max())
    cost = cost_to(outcome, GOAL) / asked.landscape.cost()
    return Found(asked.kept.kept(losses), float(outcome.regret[-1]), cost, excess)


def _law_optimum(asked: Question, known: Known) -> Mixture:
    """What the law thinks best under the rule: the search's second trial."""
    from codescale.allocation.optimize import best_mixture

    assert known.law is not None
    return best_mixture(known.law, N, D, WEB_TEAM, no_harm=asked.no_harm)


def cell(values: Sequence[float], form: str = ".3g") -> str:
    """The median and the middle 90 %; a search that does not get there within its trials counts as beyond them."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], method="nearest")
    return " ".join("never" if not np.isfinite(value) else format(value, form) for value in (middle,)) + (
        f" ({_end(low, form)} to {_end(high, form)})"
    )


def _end(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else "never"


def row(start: str, margin: str, pairs: Sequence[Pair]) -> str:
    """A line of the table."""
    under, free = [one.under for one in pairs], [one.free for one in pairs]
    binds = sum(one.binds for one in pairs)
    kept, anyway = sum(one.kept for one in under), sum(one.kept for one in free)
    worst = max((one.excess for one in under if not one.kept), default=0.0)
    costs = [float(np.median([one.cost for one in found])) for found in (under, free)]
    means = [float(np.mean([one.cost for one in found])) for found in (under, free)]
    return (
        f"| {start} | {margin} | {len(pairs)} ({binds} bind) | {kept} | {worst:.4f} | {anyway} | "
        f"{cell([one.regret for one in under], '.1%')} | {cell([one.cost for one in under])} | "
        f"{cell([one.cost for one in free])} | {costs[0] / costs[1]:.2f} ({means[0] / means[1]:.2f}) |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--searches", type=int, default=100)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", nargs="*", choices=[*STARTS], default=[*STARTS])
    parser.add_argument("--margins", nargs="*", choices=[*MARGINS], default=[*MARGINS])
    parser.add_argument("--page", action="store_true")
    given = parser.parse_args()
    begun, lines = time.monotonic(), []
    with ProcessPoolExecutor(given.workers, get_context("spawn")) as pool:
        for start in given.only:
            for margin in given.margins:
                one = partial(pair, MARGINS[margin], STARTS[start], given.trials)
                pairs = [found for found in pool.map(one, range(given.searches)) if found is not None]
                lines.append(row(start, margin, pairs))
                print(lines[-1], flush=True)
    print(f"{(time.monotonic() - begun) / 60:.1f} minutes; {machine()}; {datetime.now(UTC):%Y-%m-%d}")


if __name__ == "__main__":
    main()
