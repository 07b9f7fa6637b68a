"""What the search itself costs: simulated trials through Ray Tune, with nothing to train.

    .venv/bin/python scripts/bench_search_overhead.py [--trials 2000] [--page docs/benchmarks/search_overhead.md]

Everything of `codescale search` is there but the training: Tune with warm workers, the sampler `law` with the law and
the runs of a cheap sweep behind it, the pruning rule at every evaluation, records and search.json on the disk. Losses
are those of a planted landscape of seven languages. Timed on the driver: the sampler, the scheduler, and all that the
search does between two trials; printed for each hundred trials.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from bench_search import LANGUAGES, Stage, law_of, stage, sweep_runs

from codescale.progress import Silent
from codescale.runs.records import Evaluation, RunRecord, RunSpec, Status
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.objective.problem import study_problem
from codescale.search.result import SearchResult
from codescale.search.run import run_search
from codescale.search.simulation.landscape import Landscape, SimulatedRun
from codescale.search.tune.schedulers import EarlyCurveScheduler
from codescale.search.tune.searcher import MixtureSearcher
from codescale.search.warm_start import WarmStart
from codescale.stages.timings import machine
from codescale.study.config import StudyConfig, parse_study
from codescale.study.folder import StudyFolder
from codescale.training.metrics.throughput import peak_memory

TOKENS = 400_000


class SimulatedSession:
    """A run of ``landscape`` instead of training; its noise follows the run's seed and mixture."""

    def __init__(self, spec: RunSpec, landscape: Landscape) -> None:
        self.spec, self._landscape, self._done = spec, landscape, 0
        shares = np.array([spec.proportions.get(name, 0.0) for name in landscape.domains])
        generator = np.random.default_rng([spec.seed, *np.round(shares * 1e6).astype(int)])
        self._run: SimulatedRun = landscape.run(shares, generator)
        self._evaluations: list[Evaluation] = []

    @property
    def finished(self) -> bool:
        """Whether the annealed end has been reached."""
        return self._done > self._landscape.evaluations

    def advance(self) -> Evaluation | None:
        """The next evaluation, then the end."""
        if self.finished:
            return None
        self._done += 1
        annealed = self.finished
        losses = self._run.losses if annealed else self._run.evaluations[self._done - 1][1]
        tokens = TOKENS * self._done // (self._landscape.evaluations + 1)
        evaluation = Evaluation(
            n_tokens=tokens, losses=dict(zip(self._landscape.targets, losses.tolist(), strict=True)),
            annealed=annealed, branch=TOKENS if annealed else None, flops=6.0 * self.spec.n_params * tokens,
        )  # fmt: skip
        self._evaluations.append(evaluation)
        return evaluation

    def record(self, status: Status, note: str = "") -> RunRecord:
        """What was seen so far."""
        last = self._evaluations[-1] if self._evaluations else None
        return RunRecord(
            spec=self.spec, status=status, evaluations=tuple(self._evaluations), corpus_id="simulated",
            tokens_trained=last.n_tokens if last else 0, flops=last.flops if last else 0.0, seconds=0.0,
            finished=time.time(), note=note,
        )  # fmt: skip


@dataclass(frozen=True)
class OpenSimulated:
    """Opens simulated sessions on the workers."""

    landscape: Landscape

    def __call__(self, spec: RunSpec) -> SimulatedSession:
        """The session of ``spec``, from its beginning."""
        return SimulatedSession(spec, self.landscape)


class Clock:
    """Seconds spent in a few methods, call by call, by the wall and by this thread's processor, and how many trials
    had been asked for by then.
    """

    def __init__(self) -> None:
        self.spent: dict[str, list[tuple[int, float, float]]] = {}
        self.trials = 0

    def time(self, owner: type, method: str) -> None:
        """From now on ``owner.method`` is timed."""
        plain: Callable[..., Any] = getattr(owner, method)
        spent = self.spent.setdefault(f"{owner.__name__}.{method}", [])

        def timed(*arguments: Any, **named: Any) -> Any:
            begun, worked = time.perf_counter(), time.thread_time()
            try:
                return plain(*arguments, **named)
            finally:
                spent.append((self.trials, time.perf_counter() - begun, time.thread_time() - worked))
                self.trials += method == "sample_relative"

        setattr(owner, method, timed)

    def milliseconds(self, names: Sequence[str], first: int, last: int) -> tuple[float, float]:
        """A trial, of trials ``first`` to ``last``: by the wall, and of this thread's processor."""
        calls = [call for name in names for call in self.spent[name] if first <= call[0] < last]
        each = 1e3 / (last - first)
        return each * sum(call[1] for call in calls), each * sum(call[2] for call in calls)


RULE = "EarlyCurveScheduler.on_trial_result"
PARTS = {
    "sampler": ("LawSampler.sample_relative",),
    "scheduler": (RULE,),
    "search in all": ("MixtureSearcher.suggest", "MixtureSearcher.on_trial_complete", RULE),
}
"""The last holds the first two, records, search.json and Optuna's file."""


def study(trials: int) -> StudyConfig:
    """A study of the landscape's languages."""
    shape = {"hidden": 64, "layers": 2, "heads": 2, "intermediate": 128}
    search = {
        "space": "all_languages", "size": "proxy", "tokens": TOKENS, "trials": trials, "sampler": "law",
        "prune": True, "concurrency": 2,
    }  # fmt: skip
    content = {
        "name": "overhead", "languages": list(LANGUAGES), "seed": 0, "sizes": {"proxy": shape},
        "target": {"size": "proxy", "n_tokens": TOKENS}, "search": search,
        "comparison": {"size": "proxy", "tokens": TOKENS}, "ray": {"workers": 2},
    }  # fmt: skip
    return parse_study(content, "the benchmark")


def scaled(where: Stage, config: StudyConfig) -> Stage:
    """The planted landscape with the study's N and D as its own."""
    planted = where.landscape
    truth, n_params = planted.log_losses, config.sizes["proxy"].n_params
    shift_n, shift_d = np.log(planted.n_params / n_params), np.log(planted.n_tokens / TOKENS)
    moved = Moved(truth, float(shift_n), float(shift_d))
    return replace(where, landscape=replace(planted, log_losses=moved, n_params=n_params, n_tokens=TOKENS))


@dataclass(frozen=True)
class Moved:
    """A landscape whose N and D are others by a factor."""

    truth: Callable[..., Any]
    log_n: float
    log_d: float

    def __call__(self, log_params: Any, log_tokens: Any, shares: Any) -> Any:
        return self.truth(log_params + self.log_n, log_tokens + self.log_d, shares)


def main() -> None:
    """Runs the search and prints, or writes, the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    config = study(given.trials)
    where = scaled(stage("planted", Path(), None), config)
    runs, _ = sweep_runs(where, 60, 0, 0.1)
    law, best = law_of(where, runs)
    clock = Clock()
    clock.time(LawSampler, "sample_relative")
    clock.time(EarlyCurveScheduler, "on_trial_result")
    clock.time(MixtureSearcher, "suggest")
    clock.time(MixtureSearcher, "on_trial_complete")
    with tempfile.TemporaryDirectory() as name:
        folder = StudyFolder(Path(name))
        problem = study_problem(config, folder, "simulated")
        begun = time.monotonic()
        opened = OpenSimulated(where.landscape)
        warm = WarmStart(best, [], [], law, runs)
        result = run_search(problem, warm, opened, folder, Silent())
        seconds = time.monotonic() - begun
    lines = page(clock, given.trials, seconds, result)
    print("\n".join(lines))
    if given.page:
        given.page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def page(clock: Clock, trials: int, seconds: float, result: SearchResult) -> list[str]:
    """The table."""
    import torch

    here = machine()
    lines = [
        "# What the search itself costs", "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `scripts/bench_search_overhead.py --trials {trials}`: "
        f"{here['cpu']}, {here['cores']} cores, {here['memory_gb']} GB; Python {here['python']}, Ray {here['ray']}, "
        f"Optuna {here['optuna']}.", "",
        f"{trials} simulated trials of seven languages through Tune on two warm workers, three evaluations each, "
        f"{result.pruned} of them stopped early: {seconds:.0f} s in all. The driver's memory at its peak: "
        f"{peak_memory(torch.device('cpu')) / 2**20:.0f} MiB. Milliseconds a trial on the driver, by the wall (two "
        "workers are busy on the same cores) and, in brackets, of processor time.", "",
        f"| trials | {' | '.join(PARTS)} |", f"| --- |{' ---: |' * len(PARTS)}",
    ]  # fmt: skip
    hundred = max(trials // 20, 1)
    for first in range(0, trials, 2 * hundred):
        last = min(first + 2 * hundred, trials)
        figures = [clock.milliseconds(names, first, last) for names in PARTS.values()]
        shown = [f"{wall:.1f} ({worked:.1f})" for wall, worked in figures]
        lines.append(f"| {first} to {last} | {' | '.join(shown)} |")
    return lines


if __name__ == "__main__":
    main()
