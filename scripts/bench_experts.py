"""Whether what the grid's models know of a mixture makes a law better: docs/benchmarks/experts.md.

    .venv/bin/python scripts/bench_experts.py STUDY [--splits 20] [--known 6 8 12] [--size NAME] [--tokens D]

STUDY has been run up to ``codescale sweep``. The models of one language alone are trained again, since a sweep keeps no
weights. Some of the sweep's mixtures are drawn, laws are fitted to the grid, the pairs and their runs, and
the runs of the other mixtures are foretold: by ``auto`` as it is, and with the experts' losses

- as a mean: a Gaussian process (the laws' own) around them, their level and slope unknown;
- as an input: a further one of the process on what the law leaves over;
- stacked: the mean and ``auto``, weighed on mixtures that neither was fitted to.
"""

from __future__ import annotations

import argparse
import shlex
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from data_experts import KINDS, Experts
from expert_laws import Auto, with_experts
from scipy.stats import pearsonr, spearmanr

from codescale.arrays import Array, Integers, Mask
from codescale.errors import UserError
from codescale.files import write_text
from codescale.laws.fitting.candidates import log_losses
from codescale.laws.fitting.threads import one_blas_thread
from codescale.laws.observations import narrow, observe
from codescale.runs.records import SWEEP_STAGES
from codescale.runs.table import RunsTable
from codescale.runs.table_reader import read_runs
from codescale.stages.timings import machine
from codescale.study.folder import StudyFolder

CONTROL = "none: the law as a mean"
"""What a process around a mean is worth by itself: around the law's own losses, of the same rows."""
RESAMPLES = 2_000
LEVEL = 0.9


@dataclass(frozen=True)
class Rows:
    """The fittable rows of a sweep: ``mixture`` (rows,) numbers the spread mixtures, -1 for the grid and the pairs;
    ``experts``, by kind: log losses (rows, targets) of the mixed experts of the row's N and D, NaN where there are
    none.
    """

    table: RunsTable
    mixture: Integers
    experts: dict[str, Array]

    def select(self, keep: Mask) -> Rows:
        """The rows for which ``keep`` is true."""
        experts = {kind: losses[keep] for kind, losses in self.experts.items()}
        return Rows(self.table.select(keep), self.mixture[keep], experts)


def read_rows(folder: StudyFolder, experts: Experts) -> Rows:
    """The sweep of a study with its experts' losses. Raises :class:`UserError` for a sweep without mixtures."""
    table, languages = narrow(read_runs(folder.runs_table)), folder.config().languages
    table = table.select(np.isin(table.table["stage"].to_pylist(), SWEEP_STAGES))
    mixture = [int(name.split("-")[1]) if name.startswith("mixture-") else -1 for name in map(str, table.run_id)]
    if max(mixture) < 0:
        raise UserError(folder.runs_table, "has no runs of mixtures", "give study.yaml sweep.mixtures")
    shares = table.proportions[:, [table.domains.index(name) for name in languages]]
    places = [table.targets.index(name) for name in languages]
    distinct, which = np.unique(np.round(shares, 9), axis=0, return_inverse=True)
    losses = {}
    for kind in KINDS:
        own = np.full(table.losses.shape, np.nan)
        own[:, places] = np.log([experts.losses(kind, one) for one in distinct])[which.ravel()]
        losses[kind] = own
    return Rows(table, np.array(mixture), losses)


@dataclass(frozen=True)
class Foretold:
    """The held-out rows of one draw: ``known`` mixtures were fitted to; ``mixture`` and ``seed`` (rows,), measured
    ``log_losses`` (rows, targets) and, by way, those that were foretold.
    """

    known: int
    mixture: Integers
    n_tokens: Array
    log_losses: Array
    ways: dict[str, Array]

    def errors(self, way: str) -> Array:
        """(rows,): the mean relative error over targets."""
        return np.asarray(np.abs(np.expm1(self.ways[way] - self.log_losses)).mean(axis=1))

    def choice(self, way: str) -> tuple[float, float]:
        """Of the mean loss at the longest D over the held-out mixtures: Spearman's correlation, and by how much the
        mixture that is foretold to be best was measured above the best, nats per token.
        """
        rows = self.n_tokens > 0.95 * self.n_tokens.max()
        which = np.unique(self.mixture[rows], return_inverse=True)[1]
        runs = [np.exp(losses[rows]).mean(axis=1) for losses in (self.ways[way], self.log_losses)]
        foretold, measured = (np.bincount(which, values) / np.bincount(which) for values in runs)
        return float(spearmanr(foretold, measured).statistic), float(measured[foretold.argmin()] - measured.min())


def foretell(rows: Rows, known: int, seed: int) -> Foretold:
    """One draw: ``known`` mixtures are fitted to, the others foretold."""
    numbers = np.unique(rows.mixture[rows.mixture >= 0])
    drawn = np.random.default_rng((seed, known)).permutation(numbers)[:known]
    fitted = (rows.mixture < 0) | np.isin(rows.mixture, drawn)
    train, test = rows.select(fitted), rows.select(~fitted)
    auto, asked = Auto.fitted(train.table, seed), observe(test.table)
    alone = auto.log_losses(asked)
    ways = {"auto": alone}
    plain = [log_losses(auto.plain.form, auto.plain.values, one) for one in (auto.data, asked)]
    control = np.where(np.isfinite(train.experts[KINDS[0]]), plain[0], np.nan)
    ways |= {CONTROL: with_experts(auto, alone, control, asked, plain[1])["mean"]}
    for kind in rows.experts:
        uses = with_experts(auto, alone, train.experts[kind], asked, test.experts[kind])
        ways |= {f"{kind}, {use}": losses for use, losses in uses.items()}
    return Foretold(known, test.mixture, test.table.n_tokens, asked.log_losses, ways)


def difference(draws: Sequence[Foretold], way: str, generator: np.random.Generator) -> tuple[float, float, float]:
    """The mean error of ``way`` minus that of ``auto``, and its interval of :data:`LEVEL`: mixtures are resampled,
    since draws share them.
    """
    mixture = np.concatenate([one.mixture for one in draws])
    gains = np.concatenate([one.errors(way) - one.errors("auto") for one in draws])
    numbers, which = np.unique(mixture, return_inverse=True)
    sums, counts = np.bincount(which, gains), np.bincount(which)
    again = generator.integers(len(numbers), size=(RESAMPLES, len(numbers)))
    means = sums[again].sum(axis=1) / counts[again].sum(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(gains.mean()), float(low), float(high)


def by_way(draws: Sequence[Foretold], cell: Callable[[list[Foretold], str], str]) -> list[str]:
    """A table: a line for each way, a column for each number of known mixtures, and what ``cell`` says of its draws."""
    columns = [[one for one in draws if one.known == known] for known in sorted({one.known for one in draws})]
    heads = " | ".join(f"{own[0].known} known" for own in columns)
    lines = [f"| experts | {heads} |", "| --- |" + " ---: |" * len(columns)]
    return lines + [f"| {way} | {' | '.join(cell(own, way) for own in columns)} |" for way in draws[0].ways]


def error_cell(draws: list[Foretold], way: str) -> str:
    """The mean error, and its difference from that of ``auto``."""
    error = np.concatenate([one.errors(way) for one in draws]).mean()
    if way == "auto":
        return f"{error:.2%}"
    mean, low, high = (100.0 * value for value in difference(draws, way, np.random.default_rng(0)))
    return f"{error:.2%} ({mean:+.2f}: {low:+.2f} to {high:+.2f})"


def choice_cell(draws: list[Foretold], way: str) -> str:
    """The mean rank correlation, and what the choice costs."""
    rank, cost = np.mean([one.choice(way) for one in draws], axis=0)
    return f"{rank:.2f}, {cost:.4f}"


def correlation_lines(rows: Rows) -> list[str]:
    """A table: of each language the correlation of measured and mixed experts' log losses over the mixtures."""
    table = rows.table
    chosen = (rows.mixture >= 0) & (table.n_tokens > 0.95 * table.n_tokens[rows.mixture >= 0].max())
    lines = ["| language | " + " | ".join(rows.experts) + " |", "| --- |" + " ---: |" * len(rows.experts)]
    for k, target in enumerate(table.targets):
        measured = np.log(table.losses[chosen, k])
        cells = [f"{pearsonr(measured, losses[chosen, k]).statistic:.3f}" for losses in rows.experts.values()]
        lines.append(f"| {target} | " + " | ".join(cells) + " |")
    objective = np.log(table.losses[chosen]).mean(axis=1)
    cells = [f"{pearsonr(objective, losses[chosen].mean(axis=1)).statistic:.3f}" for losses in rows.experts.values()]
    return [*lines, "| mean of all | " + " | ".join(cells) + " |"]


def page(rows: Rows, draws: Sequence[Foretold], command: str) -> str:
    """The page's measured part."""
    about = machine()
    return "\n".join(
        (
            "## Correlation",
            "",
            "Of the sweep's mixtures at the longest D: measured log losses, and those of the experts by its shares.",
            "",
            *correlation_lines(rows),
            "",
            "## Held out",
            "",
            "Mean relative error over languages and held-out runs; in brackets the difference from `auto` in",
            f"percentage points with its {LEVEL:.0%} interval (mixtures resampled).",
            "",
            *by_way(draws, error_cell),
            "",
            "## Choice",
            "",
            "Spearman's correlation of the mean loss at the longest D over the held-out mixtures, and what the one",
            "that is foretold to be best is measured above the best of them, nats per token.",
            "",
            *by_way(draws, choice_cell),
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, `{command}`, {about['cores']} cores of {about['cpu']}, "
            f"Python {about['python']}.",
            "",
        )
    )


def main() -> None:
    """Draws, foretells and writes the page's tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--splits", type=int, default=20, help="draws for each number of known mixtures")
    parser.add_argument("--known", type=int, nargs="+", default=[6, 8, 12])
    parser.add_argument("--size", help="of the experts; default: the mixtures'")
    parser.add_argument("--tokens", type=int, help="of each expert; default: the mixtures' longest D")
    parser.add_argument("--models", type=Path, help="where the experts are kept; default: STUDY/experts")
    parser.add_argument("--page", type=Path, default=Path("experts.md"))
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    folder = StudyFolder(given.study)
    plan = folder.config().sweep.mixtures
    if plan is None:
        raise UserError(folder.config_file, "sweeps no mixtures", "give it sweep.mixtures")
    size, tokens = given.size or plan.sizes[0], given.tokens or max(plan.tokens)
    rows = read_rows(folder, Experts(folder, given.models or folder.root / "experts", size, tokens))
    with one_blas_thread():
        draws = [foretell(rows, known, seed) for known in given.known for seed in range(given.splits)]
    words = ["python", "scripts/bench_experts.py", "STUDY", "--splits", str(given.splits)]
    words += ["--known", *map(str, given.known), "--size", size, "--tokens", str(tokens)]
    write_text(given.page, page(rows, draws, shlex.join(words)))
    print(given.page.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
