"""Replays recorded loss curves as searches with and without pruning and writes docs/benchmarks/pruning.md.

    .venv/bin/python scripts/bench_pruning.py [--curves tests/search/pruning/real_curves.csv] [--study STUDY]
        [--page docs/benchmarks/pruning.md]

The curves are of real training (scripts/record_curves.py). A replay is a random search that tries them in a random
order, one after another, and asks a rule at every look on a trunk, given the trials that have finished before. Because
every curve is known to its end, so are what pruning missed (regret) and how many of the stopped trials would have won.
``--study`` does the same with the mixtures and trials of a study.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from codescale.errors import UserError
from codescale.files import write_text
from codescale.runs.records import read_records
from codescale.runs.table_reader import read_runs
from codescale.search.objective.objective import Objective
from codescale.search.objective.power_analysis import objective_noise
from codescale.search.pruning.curve import LearningCurve
from codescale.search.pruning.rule import PruningRule
from codescale.stages.timings import machine
from codescale.study.folder import StudyFolder

ORDERS = 200
Stops = Callable[[LearningCurve, Sequence[LearningCurve]], bool]


@dataclass(frozen=True)
class Recorded:
    """The curves of a random search, the tokens of a whole trial, and the objective's deviation between seeds."""

    curves: list[LearningCurve]
    n_tokens: int
    noise: float


def recorded(path: Path) -> Recorded:
    """What is in ``path``: the objective is the mean of the losses, the learning rate's factor as a logarithm."""
    table = read_runs(path)
    curves: dict[str, LearningCurve] = {}
    factors = np.log(table.hyper["learning_rate_factor"])
    for run_id in dict.fromkeys(table.run_id):
        rows = np.flatnonzero((table.run_id == run_id) & (table.status == "ok"))
        if not len(rows):
            continue
        trunk, end = rows[~table.annealed[rows]], rows[table.annealed[rows]]
        parts = table.losses[trunk] / len(table.targets)
        points = tuple((int(n), float(sum(part))) for n, part in zip(table.n_tokens[trunk], parts, strict=True))
        final = float(table.losses[end[0]].mean()) if len(end) else None
        curves[str(run_id)] = LearningCurve(
            points, final, (float(factors[rows[0]]),), tuple(tuple(map(float, part)) for part in parts)
        )
    seeds = [one.final for name, one in curves.items() if name.startswith("seed-") and one.final is not None]
    population = [one for name, one in curves.items() if name.startswith("curve-")]
    return Recorded(population, int(table.n_tokens.max()), float(np.std(seeds, ddof=1)))


def of_study(root: Path) -> Recorded:
    """The mixtures and trials of the study in ``root``, under its own seed at the scale of its search, whole curves
    only. Raises :class:`UserError` where its sweep has no seeds to tell the noise from.
    """
    folder = StudyFolder(root)
    config = folder.config()
    records = read_records(folder.runs)
    objective = Objective.of(config.weights(), config.search.tokens)
    n_params = config.sizes[config.search.size].n_params
    noise = objective_noise(records, objective, n_params)
    if noise is None:
        raise UserError(str(root), "has no runs that differ in their seed alone", "take a study with sweep.mixtures")
    curves = [
        objective.curve(record)
        for record in records
        if record.spec.stage in ("mixture", "trial")
        and record.spec.n_params == n_params
        and record.spec.seed == config.seed
    ]
    return Recorded([one for one in curves if one.final is not None], config.search.tokens, noise.pooled)


@dataclass(frozen=True)
class Replay:
    """What one search spent and found; ``won``: stopped trials that would have beaten the best at that moment, and
    ``lost``: those that would have beaten the best that the search ended with.
    """

    spent: float
    regret: float
    stopped: int
    won: int
    lost: int


def replay(curves: Sequence[LearningCurve], n_tokens: int, stops: Stops) -> Replay:
    """A search that tries ``curves`` in this order."""
    finished: list[LearningCurve] = []
    stopped: list[tuple[float, float]] = []
    spent = 0.0
    for curve in curves:
        assert curve.final is not None
        cut = _stopped_at(curve, finished, stops)
        spent += n_tokens if cut is None else cut
        if cut is None:
            finished.append(curve)
        else:
            stopped.append((curve.final, _best(finished)))
    best, all_best = _best(finished), _best(curves)
    return Replay(
        spent / (n_tokens * len(curves)), best - all_best, len(stopped), sum(final < bar for final, bar in stopped),
        sum(final < best for final, _ in stopped),
    )  # fmt: skip


def _stopped_at(curve: LearningCurve, finished: Sequence[LearningCurve], stops: Stops) -> int | None:
    for k in range(len(curve.points)):
        if stops(LearningCurve(curve.points[: k + 1], None, curve.settings, curve.parts[: k + 1]), finished):
            return curve.points[k][0]
    return None


def _best(curves: Sequence[LearningCurve]) -> float:
    return min(curve.final for curve in curves if curve.final is not None)


def halving(reduction: int = 2) -> Callable[[], Stops]:
    """ASHA as Tune's: at each rung only the best one in ``reduction`` of those that came so far goes on."""

    def fresh() -> Stops:
        rungs: dict[int, list[float]] = {}

        def stops(curve: LearningCurve, finished: Sequence[LearningCurve]) -> bool:
            value = curve.points[-1][1]
            if len(curve.points) not in (1, 2, 4):
                return False
            seen = rungs.setdefault(len(curve.points), [])
            seen.append(value)
            return value > float(np.quantile(seen, 1 / reduction))

        return stops

    return fresh


def median_rule() -> Stops:
    """Stops what lies above the median of the finished trials at the same tokens (Golovin et al. 2017, Vizier)."""

    def stops(curve: LearningCurve, finished: Sequence[LearningCurve]) -> bool:
        values = [value for other in finished if (value := other.at(curve.points[-1][0])) is not None]
        return len(values) >= 4 and curve.points[-1][1] > float(np.median(values))

    return stops


def without_settings() -> Stops:
    """The rule without knowledge of the learning rate."""
    rule = PruningRule()

    def bare(curve: LearningCurve) -> LearningCurve:
        return LearningCurve(curve.points, curve.final, (), curve.parts)

    return lambda curve, finished: rule.should_prune(bare(curve), [bare(other) for other in finished])


RULES: dict[str, Callable[[], Stops]] = {
    "early curves (`curves`)": lambda: PruningRule().should_prune,
    "early curves, learning rate unknown": without_settings,
    "successive halving (`asha`)": halving(),
    "median of the finished": median_rule,
}


def replays(data: Recorded, rule: Callable[[], Stops], orders: int) -> list[Replay]:
    """One replay for each of ``orders`` random orders."""
    random = np.random.default_rng(0)
    return [
        replay([data.curves[k] for k in random.permutation(len(data.curves))], data.n_tokens, rule())
        for _ in range(orders)
    ]


def row(name: str, found: Sequence[Replay], noise: float) -> str:
    """A line of the page's table."""
    saved = 1 - np.array([one.spent for one in found])
    regret: NDArray[np.float64] = np.array([one.regret for one in found])
    stopped = sum(one.stopped for one in found)
    won, lost = (sum(getattr(one, word) for one in found) / max(stopped, 1) for word in ("won", "lost"))
    low, high = np.quantile(saved, [0.05, 0.95])
    return (
        f"| {name} | {saved.mean():.1%} ({low:.0%} to {high:.0%}) | {regret.mean():.4f} | "
        f"{np.mean(regret > 0):.1%} | {np.mean(regret > noise):.1%} | {won:.1%} | {lost:.2%} |"
    )


HEADER = [
    "| rule | tokens saved (90 % of searches) | mean regret, nats | best missed | regret above a seed's deviation | "
    "stopped ones that beat the best of then | that beat the final best |",
    "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
]


def table(data: Recorded, orders: int) -> list[str]:
    """A line for each rule."""
    rows = []
    for name, rule in RULES.items():
        rows.append(row(name, replays(data, rule, orders), data.noise))
        print(rows[-1], flush=True)
    return rows


def section(data: Recorded, rows: Sequence[str]) -> list[str]:
    """The same for curves of a study that the rule had not seen."""
    finals = [curve.final for curve in data.curves if curve.final is not None]
    return [
        "## On curves that the rule was not chosen on", "",
        "The rule's form was chosen on the runs above. These are the mixtures of a sweep and the trials of a search "
        f"in a later study of real code, the demo's seven languages: {len(data.curves)} runs of one learning rate, "
        f"{data.n_tokens:,} tokens each, final objectives from {min(finals):.3f} to {max(finals):.3f} nats per token, "
        f"a seed's deviation {data.noise:.4f}. The trials lie around one optimum, within the noise of each other, so "
        "that the best is often missed and little is lost by it.", "", *HEADER, *rows, "",
    ]  # fmt: skip


def page(data: Recorded, rows: Sequence[str], others: Sequence[str], orders: int, path: Path) -> str:
    """The whole page."""
    here = machine()
    computer = f"{here['cpu']}, {here['cores']} cores, {here['memory_gb']} GB, Python {here['python']}"
    today = datetime.now(UTC).date().isoformat()
    spread = np.array([curve.final for curve in data.curves if curve.final is not None])
    return "\n".join(
        [
            "# Pruning, judged on real curves", "",
            "<!-- Written by scripts/bench_pruning.py; edit that instead. -->", "",
            f"{len(data.curves)} runs of real training, three languages, mixtures uniform on the simplex, "
            f"learning rates from a quarter to four times the study's, {data.n_tokens:,} tokens each, a quarter of "
            f"them cooldown (`{path}`, made by `scripts/record_curves.py`). Their final losses lie between "
            f"{spread.min():.3f} and {spread.max():.3f} nats per token; between seeds they vary by {data.noise:.4f} "
            "(standard deviation).", "",
            f"Each rule in {orders} random searches that try all of them, each in an order of its own. A stopped "
            "trial's end is known from the recording.", "",
            *HEADER, *rows, "",
            f"A regret is the best of all {len(data.curves)} against the best that the search kept. On these curves "
            "the learning rate's part in the cooldown is small beside mixtures and noise, and the rule that is blind "
            "to it errs even less; where a higher rate wins only in its cooldown, it gives the winner a chance of 6 %, "
            "and the rule that knows the rate 99.9 % (`tests/search/pruning/test_rule.py`).", "", *others,
            f"On {today}, {computer}: `{' '.join(['python', *sys.argv])}`.", "",
        ]
    )  # fmt: skip


def main() -> None:
    """Replays, prints the table, writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--curves", type=Path, default=Path("tests/search/pruning/real_curves.csv"))
    parser.add_argument("--study", type=Path, help="a study that was swept and searched, as further curves")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--orders", type=int, default=ORDERS)
    given = parser.parse_args()
    data = recorded(given.curves)
    rows, others = table(data, given.orders), []
    if given.study:
        unseen = of_study(given.study)
        others = section(unseen, table(unseen, given.orders))
    if given.page:
        write_text(given.page, page(data, rows, others, given.orders, given.curves))


if __name__ == "__main__":
    main()
