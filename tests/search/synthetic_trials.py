"""Trials that follow a known law instead of training: what the search's tests run."""

from __future__ import annotations

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

from codescale.runs.records import Evaluation, RunRecord, RunSpec, Status
from codescale.search.objective.problem import SearchProblem
from codescale.search.space.space import load_space
from codescale.study.config import StudyConfig, parse_study

LANGUAGES = ("python", "java", "rust")
CORPUS = "synthetic-corpus"
TOKENS = 400_000
EVALUATIONS = 4
PAIRING_GAINS = 0.05
"""Nats per token."""


def study(**search: object) -> StudyConfig:
    """A study of three languages with a proxy of nobody's size; ``search`` changes that section."""
    shape = {"hidden": 16, "layers": 1, "heads": 2, "intermediate": 32}
    section = {"space": "all_languages", "size": "tiny", "tokens": TOKENS, "trials": 12, "concurrency": 1} | search
    content = {
        "name": "synthetic",
        "languages": list(LANGUAGES),
        "seed": 3,
        "sizes": {"tiny": shape},
        "target": {"size": "tiny", "n_tokens": TOKENS},
        "search": section,
        "comparison": {"size": "tiny", "tokens": TOKENS},
        "ray": {"workers": 2},
    }
    return parse_study(content, "synthetic study")


def problem(config: StudyConfig, space: str | Path = "all_languages", corpus_id: str = CORPUS) -> SearchProblem:
    """The search of ``space`` in the study of ``config``."""
    return SearchProblem.of(config, load_space(space, LANGUAGES), corpus_id)


def loss(share: float, tokens: float, annealed: bool) -> float:
    """A language's loss by its share: a power law in its tokens, 0.3 nats lower after the cooldown."""
    return 2.0 + 30.0 * (share * tokens + 2_000.0) ** -0.3 - (0.3 if annealed else 0.0)


def losses(spec: RunSpec, tokens: float, annealed: bool) -> dict[str, float]:
    """The losses of ``spec``; learning rates off 1 cost a little, pairing gains a little, a share of all for rust
    diverges.
    """
    if spec.proportions.get("rust", 0.0) > 0.97:
        return dict.fromkeys(LANGUAGES, math.nan)
    price = 0.2 * math.log(spec.hyper.get("learning_rate_factor", 1.0)) ** 2
    price -= PAIRING_GAINS if spec.organisation == "paired" else 0.0
    return {name: loss(spec.proportions.get(name, 0.0), tokens, annealed) + price for name in LANGUAGES}


class SyntheticSession:
    """A session with a checkpoint after every evaluation, and a log of every piece of work it ever did."""

    def __init__(self, spec: RunSpec, checkpoints: Path, log: Path, seconds: float) -> None:
        self.spec, self.log, self.seconds = spec, log, seconds
        self.checkpoint = checkpoints / f"{spec.run_id}.json"
        self.evaluations: list[Evaluation] = []
        if self.checkpoint.exists():
            content = json.loads(self.checkpoint.read_text())
            self.evaluations = [Evaluation.model_validate(entry) for entry in content]

    @property
    def finished(self) -> bool:
        return len(self.evaluations) == EVALUATIONS or any(
            math.isnan(value) for evaluation in self.evaluations for value in evaluation.losses.values()
        )

    def advance(self) -> Evaluation | None:
        if self.finished:
            return None
        time.sleep(self.seconds)
        number = len(self.evaluations) + 1
        with self.log.open("a") as file:
            file.write(f"{self.spec.run_id} {number}\n")
        tokens, annealed = TOKENS * number // EVALUATIONS, number == EVALUATIONS
        evaluation = Evaluation(
            n_tokens=tokens,
            losses=losses(self.spec, tokens, annealed),
            annealed=annealed,
            branch=TOKENS if annealed else None,
            flops=float(tokens),
        )
        self.evaluations.append(evaluation)
        temporary = self.checkpoint.with_suffix(".tmp")
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps([entry.model_dump(mode="json") for entry in self.evaluations]))
        temporary.replace(self.checkpoint)
        return evaluation

    def record(self, status: Status, note: str = "") -> RunRecord:
        known = [e for e in self.evaluations if all(math.isfinite(value) for value in e.losses.values())]
        tokens = len(self.evaluations) * TOKENS // EVALUATIONS
        return RunRecord(
            spec=self.spec, status=status, evaluations=tuple(known), corpus_id=CORPUS, tokens_trained=tokens,
            flops=float(tokens), seconds=self.seconds * len(self.evaluations), finished=time.time(), note=note,
        )  # fmt: skip


@dataclass(frozen=True)
class OpenSynthetic:
    """A picklable factory of synthetic sessions below ``root``; each evaluation takes ``seconds``."""

    root: Path
    seconds: float = 0.0

    def __call__(self, spec: RunSpec) -> SyntheticSession:
        return SyntheticSession(spec, self.root / "checkpoints", self.root / "work.log", self.seconds)


def finished_record(spec: RunSpec, status: Status = "ok", count: int = EVALUATIONS) -> RunRecord:
    """The record that a synthetic session of ``spec`` would end with, without running it."""
    evaluations = [
        Evaluation(
            n_tokens=TOKENS * number // EVALUATIONS,
            losses=losses(spec, TOKENS * number / EVALUATIONS, number == EVALUATIONS),
            annealed=number == EVALUATIONS,
            branch=TOKENS if number == EVALUATIONS else None,
            flops=float(TOKENS * number),
        )
        for number in range(1, count + 1)
    ]
    return RunRecord(
        spec=spec, status=status, evaluations=tuple(evaluations), corpus_id=CORPUS, flops=1.0, seconds=1.0,
        tokens_trained=TOKENS * count // EVALUATIONS, finished=0.0,
    )  # fmt: skip


def swept_record(run_id: str, shares: dict[str, float], seed: int = 3, shift: float = 0.0) -> RunRecord:
    """A run of the sweep with these ``shares``, each loss ``shift`` nats per token higher than the law's."""
    spec = RunSpec(
        run_id=run_id,
        stage="mixture",
        size="tiny",
        n_params=2608,
        token_points=(TOKENS,),
        proportions=shares,
        seed=seed,
    )
    done = finished_record(spec)
    evaluations = tuple(
        one.model_copy(update={"losses": {name: loss + shift for name, loss in one.losses.items()}})
        for one in done.evaluations
    )
    return done.model_copy(update={"evaluations": evaluations})
