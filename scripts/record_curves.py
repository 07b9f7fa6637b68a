"""Trains small models at random mixtures and learning rates and keeps their loss curves as a runs table (CSV).

    .venv/bin/codescale init curves --preset quick && .venv/bin/codescale corpus curves
    .venv/bin/python scripts/record_curves.py curves --output tests/search/pruning/real_curves.csv

The runs are what a random search would try: mixtures uniform on the simplex, the factor on all learning rates uniform
in its logarithm from a quarter to four. Some more differ in their seed alone and measure how much seeds differ. What
``scripts/bench_pruning.py`` judges the stopping rule on, and a test: real curves, not of the form that the rule
assumes.
"""

from __future__ import annotations

import argparse
import csv
import io
from pathlib import Path

import numpy as np

from codescale.files import write_text
from codescale.runs.records import RunRecord, RunSpec
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from codescale.training.session_factory import session_factory

TOKENS = 150_000
EVALUATION_TOKENS = 16_384
FACTORS = (0.25, 4.0)


def planned(config: StudyConfig, size: str, count: int, seeds: int) -> list[RunSpec]:
    """``count`` random points, then the uniform mixture at the study's learning rate under ``seeds`` seeds."""
    random = np.random.default_rng(20)
    languages = config.languages
    points = [
        (
            f"curve-{k:02d}",
            random.dirichlet(np.ones(len(languages))),
            float(np.exp(random.uniform(*np.log(FACTORS)))),
            0,
        )
        for k in range(count)
    ]
    points += [(f"seed-{k}", np.full(len(languages), 1 / len(languages)), 1.0, k) for k in range(seeds)]
    return [
        RunSpec(
            run_id=run_id, stage="trial", size=size, n_params=config.sizes[size].n_params, token_points=(TOKENS,),
            proportions=dict(zip(languages, map(float, shares), strict=True)), seed=seed,
            hyper={"learning_rate_factor": factor},
        )
        for run_id, shares, factor, seed in points
    ]  # fmt: skip


def trained(config: StudyConfig, folder: StudyFolder, specs: list[RunSpec]) -> list[RunRecord]:
    """The runs, one after another in this process."""
    factory = session_factory(config, folder.corpus, None)
    records = []
    for spec in specs:
        session = factory(spec)
        while not session.finished:
            session.advance()
        records.append(session.record("diverged" if session.diverged else "ok"))
        print(spec.run_id, records[-1].status, f"{records[-1].seconds:.1f} s", flush=True)
    return records


def as_csv(records: list[RunRecord], languages: tuple[str, ...]) -> str:
    """A runs table of what the rule reads, losses to five digits after the point."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = ["run_id", "n_params", "n_tokens", "annealed", "status", "seed", "hyper.learning_rate_factor"]
    writer.writerow([*names, *(f"proportion.{name}" for name in languages), *(f"loss.{name}" for name in languages)])
    for record in records:
        spec = record.spec
        for evaluation in record.evaluations:
            row = [spec.run_id, spec.n_params, evaluation.n_tokens, str(evaluation.annealed).lower(), record.status]
            row += [spec.seed, f"{spec.hyper['learning_rate_factor']:.6f}"]
            row += [f"{spec.proportions[name]:.6f}" for name in languages]
            writer.writerow(row + [f"{evaluation.losses[name]:.5f}" for name in languages])
    return out.getvalue()


def main() -> None:
    """Records the curves and says what they took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path, help="a study with a corpus")
    parser.add_argument("--size", default="tiny")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    folder = StudyFolder(given.study.resolve())
    config = folder.config()
    training = config.training.model_copy(update={"evaluations": 6, "evaluation_tokens": EVALUATION_TOKENS})
    config = config.model_copy(update={"training": training})
    records = trained(config, folder, planned(config, given.size, given.runs, given.seeds))
    write_text(given.output, as_csv(records, config.languages))
    seconds = sum(record.seconds for record in records)
    print(f"{len(records)} runs, {seconds / 60:.1f} minutes of training: {given.output}")


if __name__ == "__main__":
    main()
