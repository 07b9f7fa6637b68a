"""Real training: how many tokens, sweep and search together, until a study's recommended mixture is a good one.

    python scripts/bench_search_training.py STUDY [--against REV] [--seeds 3] [--mixtures 8] [--output FOLDER]

STUDY holds a corpus and asks a question: weights, tokens available, the scale of its trials. Three ways answer it, each
from nothing and under each seed, by the public commands: this checkout, the revision REV, both after a sweep of a few
mixtures at the trials' scale, and random search with as many tokens as those two may take. What a study's
``search.json`` (before the search its ``mixture.yaml``) recommends is read at a few numbers of trials. All mixtures so
recommended, and those of ``--also``, are then trained anew by this checkout under seeds that no search has seen, the
same for all of them: the least mean objective is the best known, and a recommendation is good within one deviation
between seeds of it. The rule of no harm is left out, which REV may not know. Killed and started again the script goes
on where it was.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codescale.cluster.ray_cluster import started_ray
from codescale.files import read_json, read_yaml, write_json, write_yaml
from codescale.mixtures.mixture import Mixture
from codescale.progress import Silent
from codescale.runs.records import RunRecord, RunSpec
from codescale.search.objective.objective import Objective
from codescale.search.objective.problem import study_problem
from codescale.search.run import run_search
from codescale.search.warm_start import WarmStart
from codescale.stages.inputs import unique_tokens
from codescale.stages.study import Study
from codescale.sweeps.execute import execute
from codescale.training.session_factory import session_factory

ROOT = Path(__file__).parents[1]
TRIALS = (0, 4, 8)
"""Numbers of trials at which recommendations are read; 0: the law's optimum."""
FRESH_SEEDS = (1000, 1001, 1002)
"""Of the runs that judge."""


@dataclass(frozen=True)
class Arm:
    """One way to answer: the checkout ``tree`` that does it, with which sampler, after a sweep of how many mixtures."""

    name: str
    tree: Path
    sampler: str
    mixtures: int
    spread: bool
    """Whether the sweep's mixtures are spread over what the target may have, which older checkouts do not know."""

    def commands(self, folder: Path, *commands: str) -> None:
        """Runs commands on the study in ``folder``, each in a process of its own."""
        environment = {**os.environ, "PYTHONPATH": str(self.tree)}
        for command in commands:
            program = [sys.executable, "-c", "import sys; from codescale.cli import main; sys.exit(main())"]
            subprocess.run([*program, command, str(folder)], env=environment, check=True, stdout=subprocess.DEVNULL)


def checked_out(revision: str, folder: Path) -> Path:
    """The files of ``revision`` below ``folder``."""
    tree = folder / revision
    if not tree.exists():
        tree.mkdir(parents=True)
        archive = subprocess.run(["git", "archive", revision], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "-C", str(tree)], input=archive, check=True)
    return tree


def written(arm: Arm, question: Mapping[str, Any], folder: Path, seed: int, trials: int) -> None:
    """The study file of ``arm`` that allows ``trials`` trials."""
    scale = question["search"]
    mixtures: dict[str, Any] = {"count": arm.mixtures, "sizes": [scale["size"]], "tokens": [scale["tokens"]]}
    if arm.spread:
        mixtures |= {"spread": "target", "baselines": ["natural"]}
    kept = ("languages", "sizes", "corpus", "training", "fit", "target", "ray", "languages_file")
    study = {"name": arm.name, "seed": seed, **{key: question[key] for key in kept if key in question}}
    study["sweep"] = {"grid": None, "pairs": None, "mixtures": mixtures, "repetition": "target"}
    search = {key: scale[key] for key in ("size", "tokens", "prune", "concurrency") if key in scale}
    study["search"] = {
        **search, "space": "seven_languages", "check_pruned": 0, "sampler": arm.sampler, "trials": trials,
        "budget_tokens": max(TRIALS) * scale["tokens"],
    }  # fmt: skip
    if arm.sampler == "random":  # as many tokens as the others take with a sweep, however many trials are stopped early
        most = trials + arm.mixtures + 1
        study["search"] |= {"trials": 4 * most, "budget_tokens": most * scale["tokens"]}
    study["comparison"] = {"size": scale["size"], "tokens": scale["tokens"], "seeds": 3}  # asked for, never held
    write_yaml(folder / "study.yaml", study)


def answered(arm: Arm, question: Mapping[str, Any], corpus: Path, folder: Path, seed: int) -> list[dict[str, Any]]:
    """What ``arm`` recommends at each number of trials, and the tokens that it trained until then."""
    steps: list[dict[str, Any]] = []
    for trials in TRIALS:
        kept = folder / f"after-{trials}.json"
        if not kept.exists():
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / "corpus").exists():
                (folder / "corpus").symlink_to(corpus)
            step = _step(arm, question, folder, seed, trials)
            if step is None:
                continue
            write_json(kept, step)
        steps.append(read_json(kept))
        print(f"{folder.name}: {json.dumps(steps[-1])}", flush=True)
    return steps


def _step(arm: Arm, question: Mapping[str, Any], folder: Path, seed: int, trials: int) -> dict[str, Any] | None:
    if arm.sampler == "random":
        if trials == 0:
            return None
        written(arm, question, folder, seed, trials)
        proportions = _searched_at_random(Study(folder))
    elif trials == 0:
        written(arm, question, folder, seed, max(TRIALS))
        arm.commands(folder, "sweep", "fit", "optimize")
        proportions = read_yaml(folder / "mixture.yaml")["proportions"]
    else:
        written(arm, question, folder, seed, trials)
        arm.commands(folder, "search")
        content = read_json(folder / "search.json")
        proportions = (content["recommended"] or content["incumbent"])["proportions"]
    tokens = sum(read_json(path)["tokens_trained"] for path in (folder / "runs").glob("*.json"))
    return {"trials": trials, "tokens": tokens, "proportions": proportions}


def _searched_at_random(study: Study) -> dict[str, float]:
    """The best mixture of a search at random that knows nothing before."""
    config, folder = study.config, study.folder
    problem = study_problem(config, folder, study.context.corpus().corpus_id)
    problem = problem.with_unique_tokens(unique_tokens(study.context, problem.proxy.n_tokens))
    opener = session_factory(config, folder.corpus, folder.checkpoints)
    with started_ray(config.ray):
        best = run_search(problem, WarmStart(), opener, folder, Silent()).incumbent
    assert best is not None
    return dict(best.proportions)


def judged(study: Study, mixtures: Sequence[Mixture], folder: Path) -> tuple[list[list[float]], float]:
    """The objective of each mixture under each fresh seed (mixtures, seeds), and a run's deviation between seeds."""
    config = study.config
    scale = config.search
    size = config.sizes[scale.size]
    specs = [
        RunSpec(
            run_id=f"check-{number:03d}-s{seed}", stage="check", size=scale.size, n_params=size.n_params,
            token_points=(scale.tokens,), proportions=dict(mixture), seed=seed,
            unique_tokens=unique_tokens(study.context, scale.tokens),
        )
        for number, mixture in enumerate(mixtures)
        for seed in FRESH_SEEDS
    ]  # fmt: skip
    target = type(study.folder)(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not target.corpus.exists():
        target.corpus.symlink_to(study.folder.corpus)
    with started_ray(config.ray) as workers:
        done = execute(specs, config, target, workers, Silent(), describe=_name, title="Judge")
    objective = Objective.of(config.weights(), scale.tokens)
    values = {record.spec.run_id: objective.curve(record).final for record in done.records}
    table = [[_number(values[f"check-{n:03d}-s{seed}"]) for seed in FRESH_SEEDS] for n in range(len(mixtures))]
    return table, float(np.sqrt(np.var(table, axis=1, ddof=1).mean()))


def _name(record: RunRecord) -> str:
    return record.spec.run_id


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


def main() -> None:
    """Parses the command line, lets all answer, judges them and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path)
    parser.add_argument("--against", metavar="REV")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--mixtures", type=int, default=8, help="of the sweep, uniform and natural apart")
    parser.add_argument("--also", type=Path, nargs="*", default=[], help="mixture files, or search.json, to judge too")
    parser.add_argument("--output", type=Path, default=Path("bench_search_training"))
    given = parser.parse_args()
    output = given.output.absolute()
    study = Study(given.study)
    question = read_yaml(given.study / "study.yaml")
    arms = [Arm("this code", ROOT, "law", given.mixtures, True), Arm("random", ROOT, "random", given.mixtures, True)]
    if given.against:
        arms.insert(1, Arm(given.against, checked_out(given.against, output), "law", given.mixtures, False))
    answers = [
        (arm.name, seed, step)
        for seed in range(given.seeds)
        for arm in arms
        for step in answered(arm, question, study.folder.corpus, output / f"{arm.name.replace(' ', '-')}-{seed}", seed)
    ]
    others = [_mixture_in(path) for path in given.also]
    mixtures = [Mixture(step["proportions"]) for _, _, step in answers] + others
    table, deviation = judged(study, mixtures, output / "judged")
    means = np.mean(table, axis=1)
    best = float(means.min())
    rows = [
        {"way": name, "seed": seed, "trials": step["trials"], "tokens": step["tokens"], "objective": float(mean),
         "good": bool(mean <= best + deviation)}
        for (name, seed, step), mean in zip(answers, means, strict=False)
    ]  # fmt: skip
    write_json(
        output / "result.json",
        {"best_known": best, "deviation_between_seeds": deviation, "rows": rows, "also": means[len(rows) :].tolist()},
    )
    print(f"best known {best:.4f}, a run's deviation between seeds {deviation:.4f}, others {means[len(rows) :]}")
    for row in rows:
        print(row)


def _mixture_in(path: Path) -> Mixture:
    content = read_yaml(path)
    return Mixture((content.get("recommended") or content)["proportions"])


if __name__ == "__main__":
    main()
