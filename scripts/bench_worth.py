"""How often the interval of a mixture's worth in tokens holds the truth: docs/benchmarks/worth.md.

    .venv/bin/python scripts/bench_worth.py [--studies 40] [--seed 0] [--page docs/benchmarks/worth.md]

Worlds with a known truth (scripts/planted_worlds.py): a law is fitted to the runs of a study, a mixture is compared
with equal shares at an N and D with a few seeds, and what its worth is said to be is held against what it is. The
mixture is the law's own best, as in a study, so that the optimism of an optimum is in it.
"""

from __future__ import annotations

import argparse
import shlex
import tempfile
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from planted_worlds import WORLDS, Truth, World, lucky_losses, write_table
from scipy.optimize import brentq

from codescale.allocation.optimize import optimize_mixture
from codescale.artifact import Interval
from codescale.comparison.statistics import paired_difference
from codescale.comparison.worth import forecast_worth, measured_worth
from codescale.laws.fitting.fit import fit_law
from codescale.mixtures.mixture import Mixture
from codescale.runs.table_reader import read_runs
from codescale.stages.timings import machine

NAMES = ("effective-data", "additive", "no-candidate", "one-noisy", "flat")
SEEDS = 4
BETWEEN_SEEDS = 0.002
"""Of a paired difference of log losses, from seed to seed."""


@dataclass(frozen=True)
class Judged:
    """A study's worth as it is, and as it was said to be: by what was measured, and by the law alone."""

    truth: float
    measured: Interval
    forecast: Interval


def objective(truth: Truth, n_params: float, n_tokens: float, shares: np.ndarray) -> float:
    """The mean loss over the languages."""
    return float(truth(np.array([n_params]), np.array([n_tokens]), shares[None]).mean())


def true_worth(truth: Truth, n_params: float, n_tokens: float, shares: np.ndarray, other: np.ndarray) -> float:
    """The share of its tokens that ``shares`` need not, to be as good as ``other``; at most 0.99, at least -99."""
    wanted = objective(truth, n_params, n_tokens, other)

    def above(log_factor: float) -> float:
        return objective(truth, n_params, n_tokens * float(np.exp(log_factor)), shares) - wanted

    reach = np.log(100.0)
    if above(-reach) <= 0:
        return 0.99
    if above(reach) >= 0:
        return -99.0
    return 1.0 - float(np.exp(brentq(above, -reach, reach, xtol=1e-10)))


def study(world: World, number: int, seed: int) -> Judged:
    """One study of ``world``."""
    generator = np.random.default_rng((seed, NAMES.index(world.name), number))
    truth = world.draw(generator)
    design = world.plan(generator)
    losses = lucky_losses(truth, design, world.deviation, generator)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.csv"
        write_table(path, world.languages, design, losses)
        law = fit_law(read_runs(path), seed=number, bootstrap=100)
    n_params, n_tokens = world.scale
    best = optimize_mixture(law, n_params, n_tokens).mixture
    shares = np.array([best.get(name, 0.0) for name in world.languages])
    uniform = np.full(len(shares), 1 / len(shares))
    values = [objective(truth, n_params, n_tokens, one) for one in (shares, uniform)]
    noise = BETWEEN_SEEDS * values[1] * generator.standard_normal(SEEDS)
    difference = paired_difference(values[0] - values[1] + noise, np.zeros(SEEDS))
    equal = Mixture(dict.fromkeys(world.languages, float(uniform[0])))
    return Judged(
        true_worth(truth, n_params, n_tokens, shares, uniform),
        measured_worth(law, n_params, n_tokens, best, difference, SEEDS),
        forecast_worth(law, n_params, n_tokens, best, equal),
    )


def row(name: str, judged: list[Judged]) -> str:
    """A line of the page's table."""
    cells = [name, str(len(judged)), f"{np.median([one.truth for one in judged]):.1%}"]
    for kind in ("measured", "forecast"):
        found = [getattr(one, kind) for one in judged]
        inside = np.mean([one.low <= case.truth <= one.high for one, case in zip(found, judged, strict=True)])
        width = np.median([one.high - one.low for one in found])
        false = np.mean([(one.low > 0) and case.truth <= 0 for one, case in zip(found, judged, strict=True)])
        cells += [f"{inside:.0%}", f"{width:.1%}", f"{false:.0%}"]
    return "| " + " | ".join(cells) + " |"


def page(rows: list[str], command: str) -> str:
    """The page."""
    about = machine()
    return "\n".join(
        (
            "# What a mixture is worth in tokens: how often its interval holds the truth",
            "",
            "A law is fitted to the runs of a planted study, its best mixture compared with equal shares at the",
            f"largest N and D of its runs, with {SEEDS} seeds whose paired differences vary by {BETWEEN_SEEDS:.1%} of",
            "the loss. *Measured*: the worth by these seeds and the law's curve over D, as in",
            "`comparison.json`. *Forecast*: by the law alone. Nominal 90 %.",
            "",
            "| world | studies | true worth, median | measured: inside | width, median | false gain "
            "| forecast: inside | width, median | false gain |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, `{command}`, {about['cores']} cores of {about['cpu']}, "
            f"Python {about['python']}.",
            "",
        )
    )


def main() -> None:
    """Runs the studies and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=40, help="of each world")
    parser.add_argument("--seed", type=int, default=0, help="of truths, designs and luck")
    parser.add_argument("--page", type=Path, default=Path("docs/benchmarks/worth.md"))
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    rows, everything = [], []
    for name in NAMES:
        judged = [study(WORLDS[name], number, given.seed) for number in range(given.studies)]
        everything += judged
        rows.append(row(name, judged))
        print(rows[-1], flush=True)
    rows.append(row("all", everything))
    words = ["python", "scripts/bench_worth.py", "--studies", str(given.studies), "--seed", str(given.seed)]
    given.page.write_text(page(rows, shlex.join(words)), encoding="utf-8")
    print(rows[-1])


if __name__ == "__main__":
    main()
