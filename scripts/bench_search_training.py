"""Real training: the search that starts from the law, against an equally costly random search.

    python scripts/bench_search_training.py STUDY [--seeds 3] [--with-sweep] [--output FOLDER]

STUDY has been run up to ``codescale optimize`` (the demo's, say). For each seed both searches train real trials; random
search may train as many tokens as the other one did, with ``--with-sweep`` the tokens of the sweep on top, which the
law was fitted on. Both stop trials as STUDY says, and are judged by the objective of the best that they measured
(validation split, nats per token), seed by seed. Killed and started again the script goes on where it was.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from codescale.cluster.ray_cluster import started_ray
from codescale.comparison.statistics import LEVEL, paired_difference
from codescale.files import write_json
from codescale.mixtures.mixture import Mixture
from codescale.progress import Silent
from codescale.runs.records import SWEEP_STAGES, RunRecord, read_records
from codescale.search.objective.objective import Objective
from codescale.search.objective.problem import SearchProblem, study_problem
from codescale.search.result import SearchResult
from codescale.search.run import run_search
from codescale.search.warm_start import WarmStart
from codescale.stages.inputs import unique_tokens
from codescale.stages.search import warm_start
from codescale.stages.study import Study
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.training.session_factory import session_factory


def searched(study: Study, config: StudyConfig, folder: StudyFolder, warm: WarmStart) -> SearchResult:
    """One search in ``folder`` on the study's corpus: what its search.json holds."""
    opener = session_factory(config, study.folder.corpus, folder.checkpoints)
    return run_search(problem_of(study, config), warm, opener, folder, Silent())


def problem_of(study: Study, config: StudyConfig) -> SearchProblem:
    """The study's search with trials that repeat tokens as the sweep's runs do."""
    problem = study_problem(config, study.folder, study.context.corpus().corpus_id)
    return problem.with_unique_tokens(unique_tokens(study.context, problem.proxy.n_tokens))


def with_search(config: StudyConfig, seed: int, **changes: Any) -> StudyConfig:
    """``config`` under another seed and with another search section."""
    return config.model_copy(update={"seed": seed, "search": config.search.model_copy(update=changes)})


def noise(records: list[RunRecord], objective: Objective) -> tuple[float, int]:
    """Standard deviation (nats per token) and degrees of freedom of one run's objective, from runs that differ in
    nothing but their seed.
    """
    groups: dict[tuple[Any, ...], list[float]] = {}
    for record in records:
        final = objective.curve(record).final
        if final is not None and record.status == "ok":
            spec = record.spec
            key = (spec.n_params, spec.token_points, tuple(spec.proportions.items()), tuple(spec.hyper.items()))
            groups.setdefault(key, []).append(final)
    repeated = [np.array(values) for values in groups.values() if len(values) > 1]
    freedom = sum(len(values) - 1 for values in repeated)
    squares = sum(float(((values - values.mean()) ** 2).sum()) for values in repeated)
    return (math.sqrt(squares / freedom) if freedom else math.nan), freedom


def compared(study: Study, output: Path, seeds: int, with_sweep: bool) -> dict[str, Any]:
    """Both searches under each seed, and what came of them."""
    base = study.config
    swept = [record for record in read_records(study.folder.runs) if record.spec.stage in SWEEP_STAGES]
    sweep_tokens = sum(record.tokens_trained for record in swept)
    rows = []
    for seed in range(base.seed, base.seed + seeds):
        config = with_search(base, seed)
        known = [r for r in swept if r.status == "ok" and r.spec.stage in ("grid", "mixture") and r.spec.seed == seed]
        warm = replace(warm_start(study.context, problem_of(study, config)), evaluated=known)
        ours = searched(study, config, StudyFolder(output / f"law-{seed}"), warm)
        budget = (ours.tokens_trained or 0) + (sweep_tokens if with_sweep else 0)
        budget = max(budget, config.search.tokens)
        most = 4 * (budget // config.search.tokens)  # stopped trials leave tokens for others
        random = with_search(base, seed, sampler="random", budget_tokens=budget, trials=most)
        theirs = searched(study, random, StudyFolder(output / f"random-{seed}"), WarmStart())
        rows.append({"seed": seed, "law": figures(ours), "random": figures(theirs)})
        print(f"seed {seed}: from the law {rows[-1]['law']}, random {rows[-1]['random']}", flush=True)
    objective = Objective.of(base.weights(), base.search.tokens)
    deviation, freedom = noise(swept, objective)
    difference = paired_difference(
        [row["law"]["objective"] for row in rows], [row["random"]["objective"] for row in rows]
    ).content()
    return {
        "study": study.config.name, "seeds": rows, "law_minus_random": difference, "level": LEVEL,
        "noise_of_a_run": {"standard_deviation": deviation, "degrees_of_freedom": freedom},
        "sweep_tokens": sweep_tokens, "sweep_counted": with_sweep,
    }  # fmt: skip


def figures(search: SearchResult) -> dict[str, Any]:
    """What is compared of one search."""
    best = search.incumbent
    assert best is not None
    trials = [trial for trial in search.trials if trial.number is not None]
    return {
        "objective": best.objective,
        "proportions": dict(Mixture(best.proportions)),
        "trials": len(trials),
        "tokens": search.tokens_trained,
        "flops": sum(trial.flops for trial in trials),
        "seconds": search.seconds,
    }


def main() -> None:
    """Parses the command line, runs both and prints the verdict."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--with-sweep", action="store_true")
    parser.add_argument("--output", type=Path, default=Path("bench_search_training"))
    given = parser.parse_args()
    study = Study(given.study)
    with started_ray(study.config.ray):
        result = compared(study, given.output.absolute(), given.seeds, given.with_sweep)
    write_json(given.output / "result.json", result)
    difference, spread = result["law_minus_random"], result["noise_of_a_run"]
    print(
        f"Best from the law minus best at random: {difference['mean']:+.4f} nats per token ({100 * LEVEL:.0f} % "
        f"interval {difference['low']:+.4f} to {difference['high']:+.4f}, {given.seeds} seeds). Noise of one run: "
        f"standard deviation {spread['standard_deviation']:.4f} ({spread['degrees_of_freedom']} degrees of freedom)."
    )


if __name__ == "__main__":
    main()
