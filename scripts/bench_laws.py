"""Scores and times the laws on other people's runs and writes docs/benchmarks/laws.md.

    .venv/bin/python scripts/bench_laws.py [--data ../shared/data] [--page docs/benchmarks/laws.md]

Every law and the plain baselines, linear and mean, in one run on one machine. Tests are rows that no fit has seen:
RegMix's second table; of the Pythia models the largest size, the longest runs, and both, each predicted from the rest.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from codescale.laws.fitting.fit import fit_law
from codescale.laws.forms.solver import huber
from codescale.laws.law import Law
from codescale.laws.warning import LawWarning
from codescale.runs.table import RunsTable
from codescale.runs.table_reader import read_runs
from codescale.stages.timings import machine

LAWS = ("auto", "joint", "additive", "effective-data", "exponential", "linear", "mean")
EPOCH = {"E": 1.8172, "A": 482.01, "alpha": 0.3478, "B": 2085.43, "beta": 0.3658}
"""Besiroglu et al. (2024): Hoffmann et al.'s third approach, fitted again."""


def timed(work: Callable[[], Law]) -> tuple[Law, float]:
    """What ``work`` gives, and its seconds of wall time."""
    begun = time.perf_counter()
    law = work()
    return law, time.perf_counter() - begun


def figures(law: Law, test: RunsTable) -> tuple[float, float, float]:
    """Mean relative error, mean Spearman correlation over targets (NaN for none), share of rows in the 90 %
    interval.
    """
    prediction = law.predict(test.n_params, test.n_tokens, test.proportions)
    error = float(np.nanmean(np.abs(prediction.losses / test.losses - 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ranks = [float(spearmanr(prediction.losses[:, k], test.losses[:, k])[0]) for k in range(len(law.targets))]
    inside = (prediction.low <= test.losses) & (test.losses <= prediction.high)
    return error, float(np.mean(ranks)), float(inside.mean())


def scored(title: str, train: RunsTable, test: RunsTable, laws: tuple[str, ...] = LAWS) -> list[str]:
    """A section: every law fitted to ``train`` without bootstrap and judged on ``test``."""
    lines = [
        f"## {title}", "", f"Fitted to {len(train):,} rows, judged on {len(test):,}; {len(train.domains)} domains, "
        f"{len(train.targets)} targets.", "",
        "| law | held-out error | test error | Spearman | in the 90 % interval | seconds |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    for name in laws:
        law, seconds = timed(lambda name=name: fit_law(train, name, bootstrap=0))
        error, rank, inside = figures(law, test)
        shown = name if law.name == name else f"{name} ({law.name})"
        held_out = law.held_out[law.name].error
        ranked = "–" if np.isnan(rank) else f"{rank:.2%}"
        lines.append(f"| {shown} | {held_out:.2%} | {error:.2%} | {ranked} | {inside:.1%} | {seconds:.1f} |")
        print(lines[-1], flush=True)
    return [*lines, ""]


def chinchilla(data: Path) -> list[str]:
    """Hoffmann et al.'s points without the five largest losses, beside Epoch AI's fit."""
    table = read_runs(data / "chinchilla.csv")
    table = table.select(np.argsort(table.losses[:, 0], kind="stable")[:-5])
    law, seconds = timed(lambda: fit_law(table, "chinchilla", bootstrap=1000))

    def objective(p: dict[str, float]) -> float:
        predicted = p["E"] + p["A"] * table.n_params ** -p["alpha"] + p["B"] * table.n_tokens ** -p["beta"]
        return float(huber(np.log(predicted) - np.log(table.losses[:, 0]), 1e-3).sum())

    lines = [
        "## Chinchilla", "", f"240 points of `chinchilla.csv`; {seconds:.1f} s with 1,000 bootstrap samples.", "",
        "| parameter | here | 90 % interval | Epoch AI |", "| --- | ---: | ---: | ---: |",
    ]  # fmt: skip
    ours = law.parameters["text"]
    for name, theirs in EPOCH.items():
        low, high = np.quantile(law.bootstrap["text"][name], [0.05, 0.95])
        lines.append(f"| {name} | {ours[name]:.5g} | {low:.5g} to {high:.5g} | {theirs:g} |")
    lines.append(f"| objective | {objective(ours):.6e} | | {objective(EPOCH):.6e} |")
    print("\n".join(lines), flush=True)
    return [*lines, ""]


def speed(data: Path) -> list[str]:
    """Import, a bootstrap of 1,000, and the two tables that the design sets a limit for."""
    timing = "import time; t = time.perf_counter(); import codescale.laws.fitting.fit; print(time.perf_counter() - t)"
    command = [sys.executable, "-c", timing]
    imported = min(float(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(3))
    pythia = read_runs(data / "pythia_7domains_train.csv")
    seven = replace(pythia, targets=pythia.targets[:7], losses=pythia.losses[:, :7])
    _, boot = timed(lambda: fit_law(seven, "additive", bootstrap=1000))
    _, boot_effective = timed(lambda: fit_law(seven, "effective-data", bootstrap=1000))
    _, whole = timed(lambda: fit_law(pythia, bootstrap=0))
    _, regmix = timed(lambda: fit_law(read_runs(data / "regmix_1m_train.csv"), bootstrap=0))
    return [
        "## Seconds", "", "| what | seconds | limit |", "| --- | ---: | ---: |",
        f"| `import codescale.laws.fitting.fit`, best of 3 | {imported:.2f} | 1 |",
        f"| `auto`, 1,131 rows × 22 targets, no bootstrap | {whole:.1f} | 120 |",
        f"| `auto`, 512 rows × 13 targets, no bootstrap | {regmix:.1f} | 60 |",
        f"| `additive`, 1,131 rows × 7 targets, 1,000 bootstrap samples | {boot:.1f} | 120 |",
        f"| `effective-data`, the same | {boot_effective:.1f} | 120 |", "",
    ]  # fmt: skip


def main() -> None:
    """Measures everything and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--page", type=Path, default=Path(__file__).parents[1] / "docs" / "benchmarks" / "laws.md")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"{arguments.data} is not there: the published tables are needed")
    warnings.simplefilter("ignore", LawWarning)
    pythia = read_runs(arguments.data / "pythia_7domains_train.csv")
    small, long = pythia.n_params < 2.5e8, pythia.n_tokens > 2.4e10
    here = machine()
    lines = [
        "# Laws on other people's runs", "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `scripts/bench_laws.py`: {here['cpu']}, {here['cores']} cores, "
        f"{here['memory_gb']} GB; Python {here['python']}, NumPy {np.__version__}.", "",
        "The held-out error is what `auto` chooses by and what a law file records; the test error is of rows that no "
        "fit has seen. Without bootstrap: intervals hold the noise alone.", "",
        *chinchilla(arguments.data),
        *scored("RegMix, 1 M parameters", read_runs(arguments.data / "regmix_1m_train.csv"),
                read_runs(arguments.data / "regmix_1m_test.csv")),
        *scored("Pythia, 302 M parameters from 19 M to 201 M", pythia.select(small), pythia.select(~small)),
        *scored("Pythia, beyond 24 B tokens from shorter runs", pythia.select(~long), pythia.select(long)),
        *scored("Pythia, both: 302 M beyond 24 B from smaller and shorter", pythia.select(small & ~long),
                pythia.select(~small & long)),
        *speed(arguments.data),
    ]  # fmt: skip
    arguments.page.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(f"Wrote {arguments.page}")


if __name__ == "__main__":
    main()
