"""Benchmarks searches under a rule of no harm: how often the recommended mixture keeps it, and what keeping it costs.

    .venv/bin/python scripts/bench_no_harm.py [--searches 100] [--trials 20] [--workers 2] [--minutes 60]
        [--noise 0.003] [--only NAME …] [--margins NAME …] [--page docs/benchmarks/no_harm.md]

Every search has a landscape of its own: seven languages of the form that scripts/bench_search.py plants, none of which
teaches all others; the weights of a web team; a natural mixture (the rule's reference) whose tokens are log-normal.
Seeds do what they did in the demo's proof (six mixtures, five seeds): each language has noise of its own, the errors of
one run go together a little, and a part of the variance is a seed's alone, which all trials share. The search under the
rule is done twice: told how much seeds change each language, as four degrees of freedom of replicates tell it, and not.
Kept means that no language's true loss, without noise, is above its true loss under the reference by more than the
margin. Cost is 6ND of all runs, the sweep and stopped trials included, until the recommendation's regret is at most a
tenth of the attainable gain over the reference, and still is two trials later. Under the rule that is held against two
optima: the best that the rule allows, and the best that one run of each mixture can tell to keep it with a confidence
of 95 % (room for 1.64 deviations of a difference between two runs). What ``--minutes`` cuts off is not counted; a
line is written as each search ends, and ``--page`` puts the table and how it was made into a page.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from bench_search import LANGUAGES, NOISE, SMALL, Planted, Stage, law_of, planted, sweep_runs

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.files import write_text
from codescale.laws.warning import LawWarning
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule, ResolvedNoHarm
from codescale.runs.seed_noise import moderate
from codescale.search.bayesopt.seed_noise import TargetNoise
from codescale.search.simulation.landscape import Attainable, Landscape, attainable
from codescale.search.simulation.simulate import Known, SearchPlan, cost_to, simulate
from codescale.search.space.space import SearchSpace
from codescale.stages.timings import machine

GOAL = 0.1
SURE = 1.645
WEB_TEAM = {"typescript": 3.0, "javascript": 2.0, "python": 2.0, "java": 0.5, "csharp": 0.5, "go": 0.5, "rust": 0.5}
MARGINS = {"2 %": NoHarmRule("natural", 0.02, True), "0.01 nats": NoHarmRule("natural", 0.01, False)}
N, D = 1e8, 2e9
APART = np.array([0.0079, 0.0116, 0.0088, 0.0108, 0.0122, 0.0101, 0.0071])
"""Each language's deviation of a log loss between seeds in the demo's proof (N = 151 k, D = 400 k): for the ratios."""
TOGETHER, SHARED, FREEDOM = 0.25, 0.3, 4
"""There, the correlation of two languages' errors in one run and the part of the variance that is a seed's alone; and
the degrees of freedom that a sweep like the demo's has of its replicates.
"""
SWEEP = 60
"""Runs of the cheap sweep, each a hundredth of a trial or less."""
STARTS = {"cold": "", "after a sweep": "sweep", "after a sweep that misleads": "biased"}


@dataclass(frozen=True)
class Question:
    """One landscape with its space, rule, and the best without the rule, with it, and surely with it."""

    landscape: Landscape
    space: SearchSpace
    no_harm: ResolvedNoHarm
    free: Attainable
    kept: Attainable
    surely: float

    @property
    def binds(self) -> bool:
        """Whether the best mixture without the rule breaks it."""
        return not self.kept.kept(self.landscape.losses(self.free.shares[None])[0])


@dataclass(frozen=True)
class Found:
    """A search: whether its last recommendation keeps the rule, its regret, its cost in trials until the goal, the same
    two against what can be told, and how far the worst language was above what is allowed (nats per token).
    """

    kept: bool
    regret: float
    cost: float
    told_regret: float
    told_cost: float
    excess: float


@dataclass(frozen=True)
class Pair:
    """The same landscape searched under the rule, ``told`` what seeds do and ``untold``, and without it (``free``)."""

    binds: bool
    told: Found
    untold: Found
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


def question(seed: int, rule: NoHarmRule, biased: bool, noise: float) -> Question | None:
    """The landscape of ``seed``; None where the reference is nearly as good as anything that the rule allows."""
    generator = np.random.default_rng((seed, 5))
    tokens = np.exp(generator.standard_normal(len(LANGUAGES)))
    reference = Mixture.from_array(LANGUAGES, tokens / tokens.sum())
    apart = APART / np.sqrt((APART**2).mean())
    correlation = np.full((len(LANGUAGES), len(LANGUAGES)), TOGETHER) + (1.0 - TOGETHER) * np.eye(len(LANGUAGES))
    luck = {"covariance": np.outer(apart, apart) * correlation, "shared": SHARED}
    landscape = Landscape(LANGUAGES, LANGUAGES, truth(seed, biased), WEB_TEAM, N, D, noise, evaluations=3, **luck)
    space = SearchSpace("seven_languages", dict.fromkeys(LANGUAGES, (0.0, 1.0)), {})
    no_harm = ResolvedNoHarm(rule, reference, LANGUAGES)
    try:
        kept = attainable(landscape, space, 2, no_harm)
        surely = attainable(landscape, space, 2, replace(no_harm, rule=tightened(rule, noise))).best
    except UserError:
        return None
    assert kept.yardstick is not None
    free = replace(attainable(landscape, space, 2), yardstick=kept.yardstick)
    return Question(landscape, space, no_harm, free, kept, surely)


def replicated_noise(landscape: Landscape, seed: int) -> TargetNoise:
    """What replicates tell of the landscape's noise, by so many degrees of freedom of each language."""
    assert landscape.covariance is not None
    variance = landscape.noise**2 * np.diag(landscape.covariance)
    squares = variance * np.random.default_rng((seed, 8)).chisquare(FREEDOM, len(variance))
    deviation = moderate(squares, np.full(len(variance), float(FREEDOM)), FREEDOM).deviation
    return TargetNoise(dict(zip(landscape.targets, deviation.tolist(), strict=True)))


def tightened(rule: NoHarmRule, noise: float) -> NoHarmRule:
    """``rule`` with room for what one run of each of two mixtures cannot tell at 95 % of a usual language; losses are
    about 2 nats.
    """
    room = SURE * float(np.sqrt(2 * (1.0 - SHARED))) * noise
    return replace(rule, margin=max(rule.margin - (room if rule.relative else 2 * room), 0.0))


def pair(rule: NoHarmRule, start: str, trials: int, noise: float, seed: int) -> Pair | None:
    """The landscape of ``seed`` searched under the rule and without it, from the same sweep."""
    warnings.simplefilter("ignore", LawWarning)
    asked = question(seed, rule, start == "biased", noise)
    if asked is None:
        return None
    known = Known()
    if start:
        where = Stage(asked.landscape, asked.space, asked.free, SWEEP, SMALL)
        table, cost = sweep_runs(where, SWEEP, seed, SMALL)
        law, best = law_of(where, table)
        known = Known(law, table, best, cost)
    told = replace(known, noise=replicated_noise(asked.landscape, seed))
    return Pair(
        asked.binds,
        _search(asked, told, True, trials, seed),
        _search(asked, known, True, trials, seed),
        _search(asked, known, False, trials, seed),
    )


def _search(asked: Question, known: Known, under: bool, trials: int, seed: int) -> Found:
    target = asked.kept if under else asked.free
    if under and known.law is not None:
        known = replace(known, start=_law_optimum(asked, known))
    plan = SearchPlan("law", trials, prune=True, report_every=2, no_harm=asked.no_harm if under else None)
    outcome = simulate(asked.landscape, asked.space, plan, known, target, seed)
    told = replace(target, best=asked.surely) if under else target
    assert target.yardstick is not None
    objective = target.best + outcome.regret * (target.yardstick - target.best)
    held = replace(outcome, regret=np.array([told.regret(float(value)) for value in objective]))
    losses = asked.landscape.losses(outcome.recommended[None])[0]
    excess = float((losses - asked.landscape.ceilings(asked.no_harm)).max())
    one = asked.landscape.cost()
    costs = [cost_to(found, GOAL) / one for found in (outcome, held)]
    return Found(asked.kept.kept(losses), float(outcome.regret[-1]), costs[0], float(held.regret[-1]), costs[1], excess)


def _law_optimum(asked: Question, known: Known) -> Mixture:
    """What the law thinks best under the rule: the search's second trial."""
    from codescale.allocation.optimize import best_mixture

    assert known.law is not None
    return best_mixture(known.law, N, D, WEB_TEAM, no_harm=asked.no_harm)


def cell(values: Sequence[float], form: str = ".3g") -> str:
    """The median and the middle 90 %; a search that does not get there within its trials counts as beyond them."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], method="nearest")
    return f"{_end(middle, form)} ({_end(low, form)} to {_end(high, form)})"


def _end(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else "never"


HEAD = (
    "| start, margin, told of seeds | searches (the free optimum breaks the rule) | keep the rule | worst excess, nats "
    "| regret to its own optimum | regret to what can be told | cost until a tenth of that | times the free search |\n"
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
)


def rows(start: str, margin: str, pairs: Sequence[Pair]) -> list[str]:
    """The lines of the table: told, untold, and free of the rule."""
    free = [one.free for one in pairs]
    usual = float(np.quantile([one.told_cost for one in free], 0.5, method="nearest"))
    arms = {"yes": [one.told for one in pairs], "no": [one.untold for one in pairs], "no rule": free}
    found = []
    for name, arm in arms.items():
        costs = [one.told_cost for one in arm]
        middle = float(np.quantile(costs, 0.5, method="nearest"))
        cells = [
            f"{start}, {margin}, {name}",
            f"{len(pairs)} ({sum(one.binds for one in pairs)})",
            f"{sum(one.kept for one in arm)}",
            f"{max((one.excess for one in arm if not one.kept), default=0.0):.4f}",
            cell([one.regret for one in arm], ".0%"),
            cell([one.told_regret for one in arm], ".0%"),
            cell(costs),
            _end(middle / usual, ".2f"),
        ]
        found.append(f"| {' | '.join(cells)} |")
    return found


PAGE = """# What keeping a rule of no harm costs a search

    {command}

{made}. {seconds:.0f} minutes.

{table}

Simulated searches, each of a landscape of its own: seven languages, little of which is learned from others; the weights
of a web team (TypeScript 3, JavaScript and Python 2, the others 0.5); a natural mixture of log-normal tokens, which is
the reference. Seeds change a usual language's log loss by {noise}; Rust's least and C#'s most, in the ratios of the
demo's proof; two languages' errors in one run correlate by {together}, and {shared:.0%} of the variance is the seed's,
which all trials of a search share. The first line of three is of searches that are told how much seeds change each
language, as {freedom} degrees of freedom tell it; the second of searches that are not; the third of searches
without the rule.

Kept is by true losses, margin included, of the last recommendation. Regret is the part of the attainable gain over the
reference that it leaves, median and middle 90 %: held against the best that the rule allows (without the rule: the
best there is), and against the best that one run of each mixture can tell to keep it with a confidence of 95 %. Cost is
in full trials, stopped ones as far as they got, until that second regret is a tenth.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--searches", type=int, default=100)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--noise", type=float, default=NOISE)
    parser.add_argument("--only", nargs="*", choices=[*STARTS], default=[*STARTS])
    parser.add_argument("--margins", nargs="*", choices=[*MARGINS], default=[*MARGINS])
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    begun, table = time.monotonic(), [HEAD]
    with ProcessPoolExecutor(given.workers, get_context("spawn")) as pool:
        for start, margin in product(given.only, given.margins):
            seconds = 60 * given.minutes / (len(given.only) * len(given.margins))
            pairs = searched(pool, given, start, margin, time.monotonic() + seconds)
            table += rows(start, margin, pairs) if pairs else []
            print("\n".join(table), flush=True)
        pool.shutdown(wait=False, cancel_futures=True)
    if given.page:
        page = PAGE.format(
            command=" ".join(["python", "scripts/bench_no_harm.py", *sys.argv[1:]]),
            made=f"{datetime.now(UTC):%Y-%m-%d}; {machine()}",
            seconds=(time.monotonic() - begun) / 60,
            table="\n".join(table),
            noise=given.noise,
            together=TOGETHER,
            shared=SHARED,
            freedom=FREEDOM,
        )
        write_text(given.page, page)


def searched(pool: ProcessPoolExecutor, given: argparse.Namespace, start: str, margin: str, until: float) -> list[Pair]:
    """The searches of one line of the table that ended before the clock shows ``until``."""
    one = partial(pair, MARGINS[margin], STARTS[start], given.trials, given.noise)
    waiting = {pool.submit(one, seed) for seed in range(given.searches)}
    pairs: list[Pair] = []
    while waiting and time.monotonic() < until:
        done, waiting = wait(waiting, 5.0, FIRST_COMPLETED)
        ended = [found for found in (future.result() for future in done) if found is not None]
        for found in ended:
            print(found, flush=True)
        pairs += ended
    for future in waiting:
        future.cancel()
    return pairs


if __name__ == "__main__":
    main()
