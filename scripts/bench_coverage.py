"""Are the intervals of 90 % true? Planted worlds, through the commands that people use; docs/benchmarks/coverage.md.

    .venv/bin/python scripts/bench_coverage.py [--studies 12] [--other-seed 500] [--worlds null,flat] [--against DIR]

A study is a runs table that scripts/planted_worlds.py makes of a known truth. `codescale fit`, `predict`, `optimize`,
`laws synergy` and `forecast` answer it, called in this process; what they say is held against the truth. Figures are
taken as the commands computed them, before they are rounded for the terminal. ``--other-seed`` does as many studies by
whose figures nothing was chosen; ``--against`` runs the same studies with another checkout of the package and puts both
side by side. A study that fails is counted and named, and ends nothing.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, field
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from coverage_page import REGIONS, write_page
from planted_worlds import (
    WORLDS,
    Array,
    Design,
    Truth,
    World,
    best_scale,
    better_spent,
    find_optimum,
    fresh_runs,
    lucky_losses,
    new_runs,
    true_losses,
    true_synergy,
    write_table,
)

NORMAL_90 = 1.6448536269514722
BEYOND = 4.0
"""Times the largest N, or D, of a study: where predictions are out of range."""
_NEW_ROWS, _FIXED, _REPEATS = 24, 3, 8
"""New runs in each region; mixtures whose difference to equal shares is asked for; new runs of one recipe."""
_SHARE = 1e-3
"""Of shares: what the terminal shows, and as well as SLSQP knows the true ones."""
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Settings:
    """What every study is done with; ``compare``: whether `codescale laws compare` is run too."""

    law: str
    bootstrap: int
    seed: int
    compare: bool


@dataclass
class Study:
    """What one study found.

    ``inside``: of each kind of interval how many held the truth, how many were given, and how many the law left open
    because it could not tell. ``values``: single figures. ``pairs``: what was claimed and what came true, squared, in
    one unit. ``failed``: why, in one line.
    """

    world: str
    number: int
    law: str = ""
    seconds: float = 0.0
    inside: dict[str, list[int]] = field(default_factory=dict)
    values: dict[str, float] = field(default_factory=dict)
    pairs: dict[str, list[float]] = field(default_factory=dict)
    failed: str = ""

    def judge(self, kind: str, low: Any, high: Any, true: Any, within: float = 1e-9) -> None:
        """Counts which of the intervals [low, high] hold ``true``, up to ``within``; all of one shape. An unknown end
        leaves it open.
        """
        low, high, true = (np.asarray(value, dtype=float).ravel() for value in (low, high, true))
        known = np.isfinite(low) & np.isfinite(high)
        held = known & (low - within <= true) & (true <= high + within)
        counts = self.inside.setdefault(kind, [0, 0, 0])
        for k, more in enumerate((held, known, ~known)):
            counts[k] += int(more.sum())

    def claim(self, kind: str, low: Any, high: Any, error: Any) -> None:
        """Notes the mean squared standard error that an interval claims, and the mean squared ``error``."""
        low, high, error = (np.asarray(value, dtype=float).ravel() for value in (low, high, error))
        known = np.isfinite(low) & np.isfinite(high) & np.isfinite(error)
        if known.any():
            claimed = ((high - low)[known] / (2 * NORMAL_90)) ** 2
            self.pairs[kind] = [float(claimed.mean()), float((error[known] ** 2).mean())]


class CommandFailed(Exception):
    """A command that did not end with exit code 0."""


def command(*words: str | Path) -> str:
    """What `codescale WORDS` prints. Raises :class:`CommandFailed` for another exit code than 0."""
    from codescale.cli import main

    output, errors, before = io.StringIO(), io.StringIO(), sys.argv
    sys.argv, code = ["codescale", *map(str, words)], 0
    try:
        with redirect_stdout(output), redirect_stderr(errors), warnings.catch_warnings():
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv = before
    if code:
        lines = errors.getvalue().strip().splitlines() or ["no message"]
        raise CommandFailed(f"codescale {words[0]} ended with {code}: {lines[-1]}")
    return output.getvalue()


@contextmanager
def heard(package: str, name: str) -> Iterator[list[Any]]:
    """What the function ``package.name``, one that the documentation names, returns meanwhile, whoever calls it: the
    figures of a command before they are rounded for the terminal.
    """
    original: Callable[..., Any] = getattr(import_module(package), name)
    import_module(original.__module__)
    loaded = [module for title, module in list(sys.modules.items()) if title.startswith("codescale")]
    places = [module for module in loaded if vars(module).get(name) is original]
    found: list[Any] = []

    def listening(*given: Any, **named: Any) -> Any:
        found.append(original(*given, **named))
        return found[-1]

    for module in places:
        setattr(module, name, listening)
    try:
        yield found
    finally:
        # A module that was loaded meanwhile has the listener too.
        for module in list(sys.modules.values()):
            if getattr(module, "__dict__", {}).get(name) is listening:
                setattr(module, name, original)


def answer(package: str, name: str, *words: str | Path) -> Any:
    """The last result of ``package.name`` within `codescale WORDS`."""
    with heard(package, name) as found:
        command(*words)
    if not found:
        raise CommandFailed(f"codescale {words[0]} no longer calls {package}.{name}: this script has to be mended")
    return found[-1]


@dataclass(frozen=True)
class Bench:
    """A study under way: its world, truth, design, random numbers, folder, and what it has found."""

    world: World
    truth: Truth
    design: Design
    generator: np.random.Generator
    folder: Path
    study: Study

    @property
    def law(self) -> Path:
        return self.folder / "law.json"

    @property
    def table(self) -> Path:
        return self.folder / "runs.csv"

    @property
    def uniform(self) -> Array:
        """(languages,)."""
        return np.full(len(self.world.languages), 1.0 / len(self.world.languages))

    def mean_loss(self, scale: tuple[float, float], shares: Array) -> float:
        """The true objective: the mean loss of fresh tokens at N and D."""
        return float(self.truth(np.array([scale[0]]), np.array([scale[1]]), shares[None])[0].mean())

    def measured(self, runs: Design) -> Array:
        """(rows, languages): losses with luck."""
        return lucky_losses(self.truth, runs, self.world.deviation, self.generator)

    def repeats(self, scale: tuple[float, float], shares: Array) -> Array:
        """(repeats, languages): losses of new runs of one recipe."""
        ones = np.ones(_REPEATS)
        return self.measured(fresh_runs(scale[0] * ones, scale[1] * ones, np.tile(shares, (_REPEATS, 1))))


def judge_predictions(bench: Bench) -> None:
    """`codescale predict` on new runs: in range, at larger N, at larger D, at both."""
    import pyarrow.csv

    for region, factors in REGIONS.items():
        runs = new_runs(bench.design, factors, _NEW_ROWS, bench.generator)
        losses = bench.measured(runs)
        asked, told = bench.folder / "new.csv", bench.folder / "told.csv"
        write_table(asked, bench.world.languages, runs, losses)
        command("predict", bench.law, asked, "--output", told)
        table = pyarrow.csv.read_csv(told)

        def column(name: str, table: Any = table) -> Array:
            return np.array(table[name].to_pylist(), dtype=float)

        names = [f"predicted.{name}" for name in bench.world.languages]
        value = np.column_stack([column(name) for name in names])
        low = np.column_stack([column(f"{name}.low") for name in names])
        high = np.column_stack([column(f"{name}.high") for name in names])
        bench.study.judge(f"losses, {region}", low, high, losses)
        bench.study.claim(f"log losses, {region}", np.log(low), np.log(high), np.log(value / losses))
        true = true_losses(bench.truth, runs)
        bench.study.values[f"error, {region}"] = float(np.mean(np.abs(value / true - 1.0)))
        if region == "in range" and bench.world.deviation[-1] > bench.world.deviation[0]:
            bench.study.judge("losses, the noisy language", low[:, -1], high[:, -1], losses[:, -1])
            bench.study.judge("losses, the other languages", low[:, :-1], high[:, :-1], losses[:, :-1])


def judge_optimum(bench: Bench, where: str, factor: float) -> None:
    """`codescale optimize` at N and D times ``factor``: shares, gain over equal shares, objective, regret."""
    world, study = bench.world, bench.study
    scale = (world.scale[0] * factor, world.scale[1] * factor)
    path = bench.folder / "mixture.yaml"
    at = ("--params", f"{scale[0]:.6g}", "--tokens", f"{scale[1]:.6g}")
    told = answer("codescale.allocation", "optimize_mixture", "optimize", bench.law, *at, "--output", path)
    proportions = yaml.safe_load(path.read_text(encoding="utf-8"))["proportions"]
    found = np.array([proportions.get(name, 0.0) for name in world.languages])
    best = find_optimum(bench.truth, scale, len(found), np.random.default_rng(0))
    study.values[f"starts agreeing, {where}"] = best.agreeing
    study.values[f"optimum beaten, {where}"] = best.beaten
    at_found, at_uniform = bench.mean_loss(scale, found), bench.mean_loss(scale, bench.uniform)
    low, high = told.improvement
    study.judge(f"gain over uniform, {where}", low, high, at_uniform - at_found)
    said = told.objective_uniform - told.objective
    study.claim(f"gain over uniform, {where}", low, high, said - (at_uniform - at_found))
    if world.one_optimum:
        ends = np.array([told.share_intervals[name] for name in world.languages])
        study.judge(f"optimal shares, {where}", ends[:, 0], ends[:, 1], best.shares, _SHARE)
        flat = np.array([told.flat[name] for name in world.languages])
        study.judge(f"shares as good, {where}", flat[:, 0], flat[:, 1], best.shares, _SHARE)
    new = bench.repeats(scale, found).mean(axis=1)
    study.judge(f"objective of the found mixture, {where}", *np.tile(told.interval, (len(new), 1)).T, new)
    study.values[f"regret, {where}"] = at_found - best.loss
    study.values[f"attainable, {where}"] = at_uniform - best.loss
    # The claimed cost of not knowing the law better is a root mean square, and so is what it is held against.
    study.pairs[f"regret, {where}"] = [float(told.standard_error) ** 2, (at_found - best.loss) ** 2]
    if world.no_gain:
        study.values[f"gain claimed, {where}"] = float(low > 0)


def judge_differences(bench: Bench) -> None:
    """`codescale optimize` with every share fixed: the interval of a given mixture's difference to equal shares."""
    world, path = bench.world, bench.folder / "bounds.yaml"
    at = ("--params", f"{world.scale[0]:.6g}", "--tokens", f"{world.scale[1]:.6g}")
    low, high, true, error = np.empty((4, _FIXED))
    for k, shares in enumerate(bench.generator.dirichlet(np.ones(len(world.languages)), _FIXED)):
        given = np.round(shares, 3)
        given[given.argmax()] += 1.0 - given.sum()
        bounds = {name: round(float(share), 3) for name, share in zip(world.languages, given, strict=True)}
        path.write_text(yaml.safe_dump(bounds), encoding="utf-8")
        words = ("optimize", bench.law, *at, "--bounds", path, "--output", bench.folder / "fixed.yaml")
        told = answer("codescale.allocation", "optimize_mixture", *words)
        gained = bench.mean_loss(world.scale, bench.uniform) - bench.mean_loss(world.scale, given)
        (low[k], high[k]), true[k] = told.improvement, gained
        error[k] = told.objective_uniform - told.objective - gained
    bench.study.judge("difference of a given mixture and uniform", low, high, true)
    bench.study.claim("difference of a given mixture and uniform", low, high, error)


def judge_synergy(bench: Bench) -> None:
    """`codescale laws synergy`; where there are pairs, the measured gains that `fit STUDY` writes too."""
    from codescale.laws import measure_synergy
    from codescale.runs import read_runs

    languages = bench.world.languages
    middle = np.sort(np.unique(bench.design.n_params))[1], np.sort(np.unique(bench.design.n_tokens))[1]
    words = ("laws", "synergy", bench.law, "--params", f"{middle[0]:.6g}", "--tokens", f"{middle[1]:.6g}")
    told = answer("codescale.laws", "law_synergy", *words)
    order = [told.languages.index(name) for name in languages]
    off = ~np.eye(len(languages), dtype=bool)
    true = true_synergy(bench.truth, middle, len(languages))[off]
    low, high = (ends[np.ix_(order, order)][off] for ends in (told.low, told.high))
    bench.study.judge("synergy gains, by the law", low, high, true)
    if not bench.world.has_pairs:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = measure_synergy(read_runs(bench.table), languages)
    true = true_synergy(bench.truth, (found.n_params, found.n_tokens), len(languages))
    for i, target in enumerate(languages):
        for j, source in enumerate(languages):
            gain = found.gain.get(target, {}).get(source)
            if i != j and gain is not None:
                ends = [np.nan if end is None else end for end in (gain.low, gain.high)]
                bench.study.judge("synergy gains, measured", *ends, true[i, j])


def judge_forecast(bench: Bench) -> None:
    """`codescale forecast --budget`: best N and D; and at three points what the next unit should buy."""
    world, study, module = bench.world, bench.study, "codescale.allocation"
    with heard(module, "compute_optimal_scale") as scales, heard(module, "forecast_losses") as forecasts:
        command("forecast", bench.law, "--budget", f"{world.budget:.6g}")
    told, losses = scales[-1], forecasts[-1].losses
    n, d = best_scale(bench.truth, world.budget, bench.uniform)
    study.judge("best N under a budget", *told.n_params[1:], n)
    study.judge("best D under a budget", *told.n_tokens[1:], d)
    study.claim("log best N", *np.log(told.n_params[1:]), np.log(told.n_params[0] / n))
    study.values["best N, told over true"] = told.n_params[0] / n
    study.values["loss of the told N and D over the best"] = (
        bench.mean_loss((told.n_params[0], told.n_tokens[0]), bench.uniform) / bench.mean_loss((n, d), bench.uniform)
        - 1.0
    )
    new = bench.repeats((told.n_params[0], told.n_tokens[0]), bench.uniform)
    ends = np.array([losses[name][1:] for name in world.languages])
    study.judge("losses at the told N and D", *(np.tile(ends[:, k], (len(new), 1)) for k in (0, 1)), new)
    advice = {"right": 0, "wrong": 0, "cannot be told": 0}
    for by_params, by_tokens in ((1.0, 1.0), (BEYOND, 1 / BEYOND), (1 / BEYOND, BEYOND)):
        scale = (world.scale[0] * by_params, world.scale[1] * by_tokens)
        at = ("--params", f"{scale[0]:.6g}", "--tokens", f"{scale[1]:.6g}")
        units = answer(module, "forecast_losses", "forecast", bench.law, *at).next_unit
        true = better_spent(bench.truth, scale, bench.uniform)
        for name, better in zip(world.languages, true, strict=True):
            verdict = units[name].verdict if name in units else "cannot be told"
            advice["right" if verdict == better else verdict if verdict == "cannot be told" else "wrong"] += 1
    study.values |= {f"advice, {kind}": count for kind, count in advice.items()}


def do_study(name: str, number: int, settings: Settings) -> Study:
    """One study of a world from its table to its figures. What fails is noted in it; the other questions are asked."""
    os.cpu_count = lambda: 1  # studies run beside each other, so none may take every core
    os.environ["COLUMNS"] = "200"
    begun, study, world = time.perf_counter(), Study(name, number), WORLDS[name]
    generator = np.random.default_rng([settings.seed, number, zlib.crc32(name.encode())])
    with tempfile.TemporaryDirectory(prefix="coverage") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        truth, design = world.draw(generator), world.plan(generator)
        bench = Bench(world, truth, design, generator, Path(folder), study)
        write_table(bench.table, world.languages, design, bench.measured(design))
        questions: list[Callable[[], object]] = [lambda: judge_predictions(bench), lambda: judge_forecast(bench)]
        if len(world.languages) > 1:
            questions += [
                lambda: judge_optimum(bench, "in range", 1.0),
                lambda: judge_optimum(bench, "beyond", BEYOND),
                lambda: judge_differences(bench),
                lambda: judge_synergy(bench),
            ]
        if settings.compare:
            questions.append(lambda: command("laws", "compare", bench.table))
        failures = []
        for question in [lambda: fit(bench, settings), *questions]:
            try:
                question()
            except (Exception, SystemExit) as error:
                failures.append(_reason(error).replace(f"{folder}{os.sep}", ""))
            if not study.law:
                break  # without a law there is nothing to ask
    study.failed = "; ".join(dict.fromkeys(failures))
    study.seconds = time.perf_counter() - begun
    return study


def fit(bench: Bench, settings: Settings) -> None:
    """`codescale fit` on the study's table."""
    from codescale.laws import load_law

    begun, study = time.perf_counter(), bench.study
    options = ("--law", settings.law, "--bootstrap", str(settings.bootstrap), "--seed", str(study.number))
    command("fit", bench.table, "--output", bench.law, *options)
    law = load_law(bench.law)
    study.law = law.name
    study.values["rows"] = len(bench.design)
    study.values["seconds of fit"] = time.perf_counter() - begun
    if law.name in law.held_out:
        study.values["error, held out"] = law.held_out[law.name].error


def _reason(error: BaseException) -> str:
    """In one line: what failed, and of a defect where."""
    if isinstance(error, CommandFailed):
        return str(error)
    steps = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(steps[-1].filename).name}, line {steps[-1].lineno})" if steps else ""
    return f"{type(error).__name__}: {' '.join(str(error).split())}{where}"


Job = tuple[str, int]


def _together(jobs: Sequence[Job], settings: Settings, workers: int) -> dict[Job, Study]:
    """The studies of ``jobs``, ``workers`` at once. Where a process is killed they are fewer."""
    done: dict[Job, Study] = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(do_study, *job, settings): job for job in jobs}
        for future in as_completed(waiting):
            job, error = waiting[future], future.exception()
            if isinstance(error, BrokenProcessPool):
                continue
            study = Study(*job, failed=_reason(error)) if error else future.result()
            done[job] = study
            state = f"{study.law or 'no law'}{f'; FAILED: {study.failed}' if study.failed else ''}"
            print(f"{len(done)}/{len(jobs)} {study.world} {study.number}: {study.seconds:.0f} s, {state}", flush=True)
    return done


def do_all(names: Sequence[str], studies: int, settings: Settings, workers: int) -> list[Study]:
    """All studies, in order of world and number. A process that is killed takes the studies that wait with it, so each
    of those is tried once more alone.
    """
    jobs = [(name, number) for number in range(studies) for name in names]
    done = _together(jobs, settings, workers)
    for job in [job for job in jobs if job not in done]:
        done[job] = _together([job], settings, 1).get(job, Study(*job, failed="its process was killed"))
    return [done[name, number] for name in names for number in range(studies)]


def elsewhere(checkout: Path, given: argparse.Namespace) -> list[Study]:
    """The same studies with the package of another checkout, by this script in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="coverage") as folder:
        path = Path(folder) / "figures.json"
        words = [sys.executable, str(Path(__file__).resolve()), "--json", str(path), "--no-page"]
        for name in ("studies", "worlds", "law", "bootstrap", "seed", "workers"):
            words += [f"--{name}", str(getattr(given, name))]
        words += ["--compare"] if given.compare else []
        subprocess.run(words, env=os.environ | {"PYTHONPATH": str(checkout.resolve())}, check=True)
        return read_json(path)


def read_json(path: Path) -> list[Study]:
    """The studies that ``--json`` wrote."""
    return [Study(**one) for one in json.loads(path.read_text(encoding="utf-8"))["studies"]]


def arguments() -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", default=",".join(WORLDS), help="which, a,b (default: all)")
    parser.add_argument("--studies", type=int, default=12, help="of each world")
    parser.add_argument("--seed", type=int, default=0, help="of truths, designs and luck")
    parser.add_argument("--other-seed", type=int, help="as many studies of this seed too, which stand beside")
    parser.add_argument("--law", default="auto", help="as codescale fit --law")
    parser.add_argument("--bootstrap", type=int, default=100, help="as codescale fit --bootstrap")
    parser.add_argument("--workers", type=int, default=2, help="studies at once")
    parser.add_argument("--compare", action="store_true", help="run codescale laws compare on every table too")
    parser.add_argument("--json", type=Path, help="where the raw figures go")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, whose figures stand beside")
    parser.add_argument("--page", type=Path, default=_ROOT / "docs" / "benchmarks" / "coverage.md")
    parser.add_argument("--no-page", action="store_true", help="write no page")
    return parser.parse_args()


def shown(given: argparse.Namespace) -> str:
    """The command as the page names it: all that changes a figure."""
    words = [f"--{name} {getattr(given, name)}" for name in ("studies", "seed", "law", "bootstrap")]
    words += [f"--other-seed {given.other_seed}"] if given.other_seed is not None else []
    words += [f"--worlds {given.worlds}"] if given.worlds != ",".join(WORLDS) else []
    words += ["--against DIR"] if given.against else []
    return f"`scripts/bench_coverage.py {' '.join(words)}`"


def main() -> None:
    """Does all studies and writes the figures and the page."""
    given = arguments()
    names = [name.strip() for name in given.worlds.split(",")]
    unknown = [name for name in names if name not in WORLDS]
    if unknown:
        raise SystemExit(f"--worlds: {', '.join(unknown)}: not among {', '.join(WORLDS)}")
    # Before any child starts: each study has one core.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    begun = time.perf_counter()
    before = elsewhere(given.against, given) if given.against else []
    studies, others = (
        [] if seed is None else
        do_all(names, given.studies, Settings(given.law, given.bootstrap, seed, given.compare), given.workers)
        for seed in (given.seed, given.other_seed)
    )  # fmt: skip
    minutes = (time.perf_counter() - begun) / 60
    if given.json:
        content = {"command": sys.argv[1:], "minutes": minutes, "studies": [asdict(one) for one in studies]}
        content["others"], content["against"] = ([asdict(one) for one in side] for side in (others, before))
        given.json.write_text(json.dumps(content, indent=1), encoding="utf-8")
    if not given.no_page:
        write_page(given.page, studies, others, before, given.against, f"{shown(given)} in {minutes:.0f} minutes")
        print(f"Wrote {given.page}")


if __name__ == "__main__":
    main()
