"""Scores and times the laws on other people's runs and writes docs/benchmarks/laws.md.

    .venv/bin/python scripts/bench_laws.py [--data ../shared/data] [--page docs/benchmarks/laws.md]
    .venv/bin/python scripts/bench_laws.py --sections gemstones misfitting
    .venv/bin/python scripts/bench_laws.py --against REV [--repeats 3]

Every law and the plain baselines, linear and mean, in one run on one machine. Tests are rows that no fit has seen:
RegMix's second table; of the Pythia models the largest size, the longest runs, and both, each predicted from the rest;
of tables of one domain, and of the four Pile domains, larger and longer runs. Beside the laws of one domain stands what
others would fit to it. `--sections` measures some sections and leaves the page's others as they are; `--against`
measures speed beside that of another revision, and nothing else.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import rivals
from laws_against import TABLES, against
from scipy.stats import spearmanr

from codescale.laws.fitting.fit import fit_law
from codescale.laws.forms.regression import huber
from codescale.laws.law import Law
from codescale.laws.warning import LawWarning
from codescale.runs.table import RunsTable
from codescale.runs.table_reader import read_runs
from codescale.stages.timings import machine

LAWS = ("auto", "joint", "additive", "effective-data", "exponential", "linear", "mean")
ONE_DOMAIN = ("auto", "coupled", "chinchilla", "linear", "mean")
"""The laws of tables of one domain, where no share can differ."""
RIVALS = {"scikit-learn's Gaussian process": rivals.process, "plain Chinchilla by Huber": rivals.chinchilla}
BOOTSTRAP = 100
SPEED = ("## Seconds", "## Speed against")
Found = TypeVar("Found")
EPOCH = {"E": 1.8172, "A": 482.01, "alpha": 0.3478, "B": 2085.43, "beta": 0.3658}
"""Besiroglu et al. (2024): Hoffmann et al.'s third approach, fitted again."""


def timed(work: Callable[[], Found]) -> tuple[Found, float]:
    """What ``work`` gives, and its seconds of wall time."""
    begun = time.perf_counter()
    found = work()
    return found, time.perf_counter() - begun


def foretold(law: Law, test: RunsTable) -> rivals.Foretold:
    """Losses of the test rows and the ends of their 90 % intervals."""
    prediction = law.predict(test.n_params, test.n_tokens, test.proportions)
    return prediction.losses, prediction.low, prediction.high


def figures(found: rivals.Foretold, test: RunsTable) -> tuple[float, float, float]:
    """Mean relative error, mean Spearman correlation over targets (NaN for none), share of losses in the 90 % interval
    (NaN where there are none).
    """
    losses, low, high = found
    error = float(np.nanmean(np.abs(losses / test.losses - 1)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ranks = [float(spearmanr(losses[:, k], test.losses[:, k])[0]) for k in range(losses.shape[1])]
    inside = (low <= test.losses) & (test.losses <= high)
    claimed = np.isfinite(low) & np.isfinite(test.losses)
    return error, float(np.mean(ranks)), float(inside[claimed].mean()) if claimed.any() else float("nan")


def share(value: float, digits: int = 1) -> str:
    """A percentage; a dash for none."""
    return "–" if np.isnan(value) else f"{value:.{digits}%}"


def scored(
    title: str, train: RunsTable, test: RunsTable, laws: tuple[str, ...] = LAWS, beside: Sequence[str] = ()
) -> list[str]:
    """A section: every law fitted to ``train`` and judged on ``test``, without its bootstrap and with it."""
    lines = [
        f"## {title}", "", f"Fitted to {len(train):,} rows, judged on {len(test):,}; {len(train.domains)} domains, "
        f"{len(train.targets)} targets. Measured on {datetime.now(UTC):%Y-%m-%d}.", "",
        "| law | held-out error | test error | Spearman | in the 90 % interval | with a bootstrap of "
        f"{BOOTSTRAP} | seconds with it |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]  # fmt: skip
    for name in laws:
        law, seconds = timed(partial(fit_law, train, name, bootstrap=BOOTSTRAP))
        alone = law.model_copy(update={"bootstrap": {}})  # before any prediction: those are kept with the law
        error, rank, inside = figures(foretold(alone, test), test)
        _, _, with_bootstrap = figures(foretold(law, test), test)
        shown = name if law.name == name else f"{name} ({law.name})"
        held_out = law.held_out[law.name].error if law.name in law.held_out else float("nan")
        lines.append(
            f"| {shown} | {share(held_out, 2)} | {error:.2%} | {share(rank, 2)} | {share(inside)} | "
            f"{share(with_bootstrap)} | {seconds:.1f} |"
        )
        print(lines[-1], flush=True)
    for name in beside:
        found, seconds = timed(partial(RIVALS[name], train, test))
        error, rank, inside = figures(found, test)
        lines.append(f"| {name} | – | {error:.2%} | {share(rank, 2)} | {share(inside)} | – | {seconds:.1f} |")
        print(lines[-1], flush=True)
    return [*lines, ""]


def larger(title: str, data: Path, stem: str) -> list[str]:
    """A section of a published table whose larger or longer runs stand apart."""
    train, test = (read_runs(data / f"{stem}_{part}.csv") for part in ("train", "test"))
    if len(train.domains) > 1:
        return scored(title, train, test)
    return scored(title, train, test, ONE_DOMAIN, tuple(RIVALS))


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


def pythia(title: str, data: Path, beyond: str) -> list[str]:
    """A section of the Pythia models: the ``largest``, the ``longest`` or ``both``, predicted from the rest."""
    table = read_runs(data / "pythia_7domains_train.csv")
    small, long = table.n_params < 2.5e8, table.n_tokens > 2.4e10
    train = {"largest": small, "longest": ~long, "both": small & ~long}[beyond]
    test = {"largest": ~small, "longest": long, "both": ~small & long}[beyond]
    return scored(title, table.select(train), table.select(test))


SECTIONS: dict[str, Callable[[Path], list[str]]] = {
    "chinchilla": chinchilla,
    "regmix": lambda data: larger("RegMix, 1 M parameters", data, "regmix_1m"),
    "pythia-largest": lambda data: pythia("Pythia, 302 M parameters from 19 M to 201 M", data, "largest"),
    "pythia-longest": lambda data: pythia("Pythia, beyond 24 B tokens from shorter runs", data, "longest"),
    "pythia-both": lambda data: pythia("Pythia, both: 302 M beyond 24 B from smaller and shorter", data, "both"),
    "pile4": lambda data: larger("Four Pile domains, 440 M from 90 M and 200 M", data, "pile4_larger"),
    "gemstones": lambda data: larger("Gemstones, larger and longer runs of one corpus", data, "gemstones"),
    "marin-comma": lambda data: larger("Marin on Comma, the highest budget from lower ones", data, "marin_comma"),
    "misfitting": lambda data: larger("(Mis)Fitting, the highest budget from lower ones", data, "misfitting"),
    "seconds": speed,
}


def head() -> list[str]:
    """The page's title, the machine, and what its columns mean."""
    here = machine()
    return [
        "# Laws on other people's runs", "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `scripts/bench_laws.py`: {here['cpu']}, {here['cores']} cores, "
        f"{here['memory_gb']} GB; Python {here['python']}, NumPy {np.__version__}.", "",
        "The held-out error is what `auto` chooses by and what a law file records; the test error is of rows that no "
        "fit has seen. Without bootstrap, intervals hold the noise alone.", "",
    ]  # fmt: skip


def parted(text: str) -> list[list[str]]:
    """A page's lines before its first section, and those of each section."""
    parts: list[list[str]] = [[]]
    for line in text.splitlines():
        if line.startswith("## "):
            parts.append([])
        parts[-1].append(line)
    return parts


def with_section(page: str, lines: Sequence[str], title: str) -> str:
    """``page`` with ``lines`` in place of the section whose heading begins with ``title``, else as its last section
    before those on speed.
    """
    parts = parted(page)
    headings = [part[0] if part else "" for part in parts]
    found = [k for k, heading in enumerate(headings) if heading.startswith(title)]
    if found:
        parts[found[0]] = list(lines)
    else:
        last = min((k for k, heading in enumerate(headings) if heading.startswith(SPEED)), default=len(parts))
        parts.insert(len(parts) if title.startswith(SPEED) else last, list(lines))
    return "\n\n".join("\n".join(part).strip() for part in parts if part) + "\n"


def main() -> None:
    """Measures everything, or what is asked for, and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--page", type=Path, default=Path(__file__).parents[1] / "docs" / "benchmarks" / "laws.md")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, help="only these; the page's others stay")
    parser.add_argument("--against", metavar="REV", help="speed beside that of another revision, and nothing else")
    parser.add_argument("--tables", nargs="+", default=TABLES, help="for --against: files of the data folder")
    parser.add_argument("--repeats", type=int, default=1, help="for --against: turns, of which the median counts")
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        raise SystemExit(f"{arguments.data} is not there: the published tables are needed")
    warnings.simplefilter("ignore", LawWarning)
    page = arguments.page.read_text(encoding="utf-8") if arguments.page.exists() else "\n".join(head())
    if arguments.against:
        lines = against(arguments.against, arguments.data, arguments.tables, arguments.repeats)
        page = with_section(page, lines, SPEED[1])
    else:
        if not arguments.sections:
            kept = [part for part in parted(page) if part and part[0].startswith(SPEED[1])]
            page = "\n".join(line for part in (head(), *kept) for line in part)
        for name in arguments.sections or SECTIONS:
            lines = SECTIONS[name](arguments.data)
            page = with_section(page, lines, lines[0])
            arguments.page.write_text(page, encoding="utf-8")  # each as it comes: a whole run takes long
    arguments.page.write_text(page, encoding="utf-8")
    print(f"Wrote {arguments.page}")


if __name__ == "__main__":
    main()
