"""Benchmarks designs: what a law errs after runs that were designed, against as many random ones.

    .venv/bin/python scripts/bench_design.py table FILE [--runs 64 128] [--draws 20] [--laws effective-data …]
    .venv/bin/python scripts/bench_design.py planted [--runs 32] [--worlds 20] [--laws auto …]
    .venv/bin/python scripts/bench_design.py forecast [--runs 32] [--worlds 20]

``table``: every draw holds 128 rows of FILE out, and chooses among the others: at random, far from each other
(``spread``), optimal for a law that predicts well where the others are, or for the law's parameters (``determinant``).
No choice sees a loss. Each law is fitted to the chosen runs alone and asked about the rows held out: the mean relative
error over targets, the root of the mean square of that of log losses, and the same of the targets' mean loss. Another
table asks about all rows of FILE that were not chosen, as somebody would who has no others: a design that takes the odd
rows leaves the usual ones, which flatters it.

``planted``: seven languages at one N and D, truths of scripts/planted_worlds.py (``interacting`` is of no law's form),
noise of 0.005 of a log loss. ``codescale.design`` against as many mixtures drawn from Dirichlet(1, …, 1). Laws are
asked about 512 mixtures of that kind.

``forecast``: on such worlds of the form that is fitted, what the design's forecast says of the optimum, and what a fit
to its runs then comes to: how often the regret is below what 90 % were said to be below, and how often the middle 90 %
of the fit's bootstrap optima hold the true share.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import planted_worlds

from codescale.allocation.optimize import best_mixture, bootstrap_optima
from codescale.arrays import Array, Integers
from codescale.designs.candidates import below_each_other, unmeasured
from codescale.designs.choice import Candidates, Kind, LawToFit, optimal_choice, spread_choice
from codescale.designs.design import design
from codescale.laws.fitting.fit import fit_law
from codescale.laws.fitting.threads import one_blas_thread
from codescale.laws.forms.base import Form
from codescale.laws.forms.curve import CurveForm
from codescale.laws.forms.registry import FORMS
from codescale.laws.observations import Observations, narrow, observe
from codescale.runs.table import RunsTable
from codescale.runs.table_reader import read_runs
from codescale.stages.timings import machine

HELD_OUT = 128
ASKED_ABOUT = ("held out", "left over")
N, D = 6e7, 1e9
NOISE = 0.005
LANGUAGES = planted_worlds.SEVEN
ASKED = 512
SPACE = "seven_languages"
KINDS: tuple[Kind, ...] = ("spread", "optimal", "determinant")
TRUTHS: dict[str, Callable[[np.random.Generator], planted_worlds.Truth]] = {
    "effective-data": planted_worlds.draw_effective(7),
    "additive": planted_worlds.draw_additive(7),
    "interacting": planted_worlds.draw_interacting(7),
}
Errors = dict[str, list[tuple[float, float, float]]]


def errors_of(form: Form, fitted_to: Observations, *asked: Observations) -> list[tuple[float, float, float]]:
    """Of the form fitted to the first, on each of the others: mean relative error, and roots of mean squares, of log
    losses and of the log of the targets' mean.
    """
    values = form.fit(fitted_to, np.ones((1, len(fitted_to))), 1)[0]
    return [_missed(log_losses(form, values, rows), rows.log_losses) for rows in asked]


def errors_of_rows(
    law: str, runs: RunsTable, data: Observations, fitted_to: Integers, *asked: Integers
) -> list[tuple[float, float, float]]:
    """The same of ``law``, a form or what is made of several, fitted to rows of a table and asked about others."""
    if law in FORMS:
        return errors_of(FORMS[law], data.rows(fitted_to), *(data.rows(index) for index in asked))
    fitted = fit_law(runs.select(fitted_to), law, bootstrap=0, workers=1)
    found = []
    for index in asked:
        losses = fitted.predict(runs.n_params[index], runs.n_tokens[index], runs.proportions[index]).losses
        found.append(_missed(np.log(losses), data.log_losses[index]))
    return found


def _missed(predicted: Array, true: Array) -> tuple[float, float, float]:
    missed = predicted - true
    of_mean = np.log(np.exp(predicted).mean(axis=1) / np.exp(true).mean(axis=1))
    mean_square = float(np.sqrt(np.mean(missed**2)))
    return float(np.mean(np.abs(np.expm1(missed)))), mean_square, float(np.sqrt(np.mean(of_mean**2)))


def log_losses(form: Form, values: Array, rows: Observations) -> Array:
    """(rows, targets)."""
    parts = [
        form.log_losses(values[k][None], rows.domains, rows.log_params, rows.log_tokens, rows.shares)[0]
        for k in range(len(rows.targets))
    ]
    return np.stack(parts, axis=1)


def chosen_of_table(form: CurveForm, rows: Observations, count: int, kind: Kind) -> Integers:
    """The rows of a table that a design takes without having seen a loss."""
    if kind == "spread":
        return spread_choice(rows.shares, count)
    targets = len(rows.targets)
    law = LawToFit(form, rows.domains, rows.targets, np.full(targets, 1.0 / targets))
    candidates = Candidates(np.exp(rows.log_params), np.exp(rows.log_tokens), rows.shares)
    return optimal_choice(law, candidates, candidates, count, kind=kind)


def table(path: Path, runs: list[int], draws: int, laws: list[str]) -> None:
    """The first benchmark."""
    runs_table = narrow(read_runs(path))
    data = observe(runs_table)
    assert len(data) == len(runs_table)  # a row without a loss would move the others
    form = FORMS["effective-data"]
    assert isinstance(form, CurveForm)
    for count in runs:
        found: dict[tuple[str, str], Errors] = {(law, which): {} for law in laws for which in ASKED_ABOUT}
        for draw in range(draws):
            order = np.random.default_rng((draw, count)).permutation(len(data))
            held_out, rest = order[:HELD_OUT], order[HELD_OUT:]
            chosen = {"random": np.arange(count, dtype=np.intp)}
            chosen |= {kind: chosen_of_table(form, data.rows(rest), count, kind) for kind in KINDS}
            for name, index in chosen.items():
                left = np.concatenate([held_out, np.delete(rest, index)])
                for law in laws:
                    errors = errors_of_rows(law, runs_table, data, rest[index], held_out, left)
                    for which, one in zip(ASKED_ABOUT, errors, strict=True):
                        found[law, which].setdefault(name, []).append(one)
        for (law, which), errors_found in found.items():
            show(f"{path.name}, {count} runs, {law}, rows {which}, {draws} draws", errors_found, "random")


def planted(runs: list[int], worlds: int, given: list[str]) -> None:
    """The second benchmark."""
    for count in runs:
        designs = {kind: shares_of_design(count, kind) for kind in KINDS}
        for truth_name, draw in TRUTHS.items():
            laws = given or ([truth_name] if truth_name in FORMS else ["effective-data", "additive"])
            found: dict[str, Errors] = {law: {} for law in laws}
            for world in range(worlds):
                generator = np.random.default_rng((world, count))
                truth = draw(generator)
                asked = measured(truth, generator.dirichlet(np.ones(7), ASKED), None)
                sets = {"dirichlet": generator.dirichlet(np.ones(7), count)} | designs
                for name, shares in sets.items():
                    rows = measured(truth, shares, generator)
                    both, index = below_each_other(rows, asked), np.arange(len(rows) + len(asked), dtype=np.intp)
                    for law in laws:
                        errors = errors_of_rows(law, as_table(both), both, index[: len(rows)], index[len(rows) :])
                        found[law].setdefault(name, []).append(errors[0])
            for law in laws:
                show(f"truth {truth_name}, {count} runs, law {law}, {worlds} worlds", found[law], "dirichlet")


def shares_of_design(count: int, kind: Kind) -> Array:
    """(count, 7)."""
    made = design(SPACE, count, n_params=N, n_tokens=D, domains=LANGUAGES, kind=kind).table
    return np.column_stack([made[f"proportion.{name}"].to_numpy() for name in LANGUAGES])


def measured(truth: planted_worlds.Truth, shares: Array, generator: np.random.Generator | None) -> Observations:
    """Runs of ``shares`` at the planted N and D, with noise where a generator is given."""
    ones = np.ones(len(shares))
    losses = np.log(truth(N * ones, D * ones, shares))
    if generator is not None:
        losses = losses + NOISE * generator.standard_normal(losses.shape)
    return replace(unmeasured(LANGUAGES, LANGUAGES, N * ones, D * ones, shares), log_losses=losses)


def show(title: str, found: Errors, base: str) -> None:
    """Medians over draws, their ratios to the medians of ``base``, and in how many draws each was better."""
    print(f"\n{title}\n")
    print("| runs | mean relative error | of log losses | of the mean loss | ratios | better in |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    usual = np.array(found[base])
    for name, rows in found.items():
        errors = np.array(rows)
        middle, ratios = np.median(errors, axis=0), np.median(errors, axis=0) / np.median(usual, axis=0)
        better = int((errors[:, 0] < usual[:, 0]).sum())
        shown = " | ".join(f"{value:.2%}" for value in middle)
        print(f"| {name} | {shown} | {', '.join(f'{ratio:.2f}' for ratio in ratios)} | {better} of {len(rows)} |")
    sys.stdout.flush()


def forecast(runs: list[int], worlds: int) -> None:
    """The third benchmark."""
    draw = TRUTHS["effective-data"]
    for count in runs:
        for kind in KINDS:
            made = design(SPACE, count, n_params=N, n_tokens=D, domains=LANGUAGES, kind=kind)
            shares = np.column_stack([made.table[f"proportion.{name}"].to_numpy() for name in LANGUAGES])
            outcomes = [optimum_found(draw, shares, world) for world in range(worlds)]
            regret, width, held = (np.array([one[k] for one in outcomes]) for k in range(3))
            said = made.forecast
            below = float(np.mean(regret <= said.regret_high))
            print(
                f"{count} runs, {kind}: said regret {said.regret:.2g} ({said.regret_high:.2g}), width {said.width:.3f}"
            )
            print(
                f"  found regret {regret.mean():.2g}, below the second in {below:.0%} of {worlds}, width "
                f"{width.mean():.3f}, true shares held {held.mean():.0%}",
                flush=True,
            )


def optimum_found(
    draw: Callable[[np.random.Generator], planted_worlds.Truth], shares: Array, world: int
) -> tuple[float, float, float]:
    """The regret (nats) of the optimum of a law fitted to runs of ``shares``, the mean width of its bootstrap optima's
    middle 90 %, and the part of the true shares that they hold.
    """
    generator = np.random.default_rng((world, 7))
    truth = draw(generator)
    rows = measured(truth, shares, generator)
    law = fit_law(as_table(rows), "effective-data", bootstrap=40)
    exact = fit_law(
        as_table(measured(truth, generator.dirichlet(np.ones(7), 400), None)), "effective-data", bootstrap=0
    )
    best = best_mixture(exact, N, D).array(LANGUAGES)
    found = best_mixture(law, N, D).array(LANGUAGES)
    optima = np.array([one.array(LANGUAGES) for one in bootstrap_optima(law, N, D, 40)])
    low, high = np.quantile(optima, [0.05, 0.95], axis=0)
    at = truth(np.full(2, N), np.full(2, D), np.stack([found, best])).mean(axis=1)
    held = (low - 1e-4 <= best) & (best <= high + 1e-4)
    return max(float(at[0] - at[1]), 0.0), float((high - low).mean()), float(held.mean())


def as_table(rows: Observations):  # type: ignore[no-untyped-def]
    """``rows`` as a runs table in memory."""
    import tempfile

    import pyarrow as pa

    from codescale.runs.table import write_runs

    columns: dict[str, object] = {
        "run_id": [str(k) for k in range(len(rows))],
        "n_params": np.exp(rows.log_params).round(),
        "n_tokens": np.exp(rows.log_tokens).round(),
    }
    for k, name in enumerate(rows.domains):
        columns[f"proportion.{name}"] = rows.shares[:, k]
        columns[f"loss.{name}"] = np.exp(rows.log_losses[:, k])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.parquet"
        write_runs(path, pa.table(columns))
        return read_runs(path)


def main() -> None:
    """Reads the words and runs one benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=("table", "planted", "forecast"))
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, nargs="+")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--laws", nargs="+", default=[])
    words = parser.parse_args()
    warnings.simplefilter("ignore")
    begun = time.monotonic()
    with one_blas_thread():
        if words.which == "table":
            if words.file is None:
                parser.error("table needs a FILE")
            table(words.file, words.runs or [64, 128], words.draws, words.laws or ["effective-data"])
        elif words.which == "planted":
            planted(words.runs or [32], words.worlds, words.laws)
        else:
            forecast(words.runs or [32], words.worlds)
    print(f"\n{machine()}; {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
