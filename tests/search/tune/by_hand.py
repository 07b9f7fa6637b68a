"""Tune's calls made by hand, and the sweep before them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from codescale.mixtures.mixture import Mixture
from codescale.progress import Silent
from codescale.runs.records import RunRecord, RunSpec, Status, read_records
from codescale.search.pruning.rule import PruningRule
from codescale.search.run import header_of, measured_no_harm
from codescale.search.trials.history import TrialHistory
from codescale.search.trials.spec import TrialSpecs
from codescale.search.tune.optuna_mirror import OptunaMirror
from codescale.search.tune.searcher import MixtureSearcher
from codescale.search.warm_start import WarmStart, starting_points, trial_sampler
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder
from tests.search.synthetic_trials import LANGUAGES, TOKENS, finished_record, problem

WARM = WarmStart(
    Mixture({"python": 0.4, "java": 0.3, "rust": 0.3}), [Mixture({"python": 0.2, "java": 0.5, "rust": 0.3})]
)


@dataclass
class Hand:
    """Plays Tune: asks for trials, ends them as the synthetic law and the stopping rule say."""

    root: Path
    config: StudyConfig
    warm: WarmStart = WARM
    space: str = "all_languages"
    part: str = ""
    mirror: OptunaMirror | None = None
    noise: float | None = None
    live: dict[str, RunSpec] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = StudyFolder(self.root)
        asked = problem(self.config, self.space).with_reference()
        self.specs = TrialSpecs(asked, self.part)
        self.history = TrialHistory(self.folder.search, header_of(asked), asked.objective, measured_no_harm(asked))
        sampler = trial_sampler(asked, self.warm)
        starts = starting_points(asked, self.warm)
        self.search = MixtureSearcher(
            self.specs, sampler, self.history, self.folder, starts, Silent(), self.noise, self.mirror
        )
        for record in self.warm.evaluated:
            self.search.add_evaluated(record)
        self.search.replay(self.specs.belonging(read_records(self.folder.runs)), self.history.previous())

    def has(self, record: RunRecord) -> bool:
        return self.specs.number(record.spec) is not None

    def ask(self) -> str | None:
        trial_id = f"tune-{len(self.search._asked)}"
        suggestion = self.search.suggest(trial_id)
        if not isinstance(suggestion, dict):
            return None
        self.live[trial_id] = RunSpec.model_validate_json(suggestion["spec"])
        return trial_id

    def end(self, trial_id: str) -> None:
        spec = self.live.pop(trial_id)
        for evaluations in (1, 2, 3):
            record = finished_record(spec, "pruned", evaluations)
            curve = self.history.objective.curve(record)
            if self.history.should_prune(PruningRule(), replace(curve, final=None)):
                return self.report(trial_id, record, "running")
        record = finished_record(spec)
        if all(e.losses["rust"] == e.losses["rust"] for e in record.evaluations):
            return self.report(trial_id, record, "ok")
        empty = record.model_copy(update={"status": "diverged", "evaluations": ()})
        return self.report(trial_id, empty, "diverged")

    def report(self, trial_id: str, record: RunRecord, outcome: str) -> None:
        result: dict[str, Any] = {"pid": 1, "time_this_iter_s": 0.1, "tokens_trained": record.tokens_trained}
        result |= {"outcome": outcome, "record": record.model_dump_json(), "done": True, "objective": 1.0}
        self.search.on_trial_complete(trial_id, result)

    def go(self, count: int = 99) -> None:
        for _ in range(count):
            trial_id = self.ask()
            if trial_id is None:
                return
            self.end(trial_id)

    def sequence(self) -> list[tuple[str, str, str, dict[str, float], float | None]]:
        return [(e.run_id, e.source, e.state, e.proportions, e.objective) for e in self.history.entries]


def swept() -> list[RunRecord]:
    """Ten runs of a sweep, more than samplers want before they stop choosing at random."""
    random = np.random.default_rng(0)
    shares = [dict(zip(LANGUAGES, map(float, random.dirichlet([1, 1, 1])), strict=True)) for _ in range(10)]
    return [sweep_record(f"mixture-{k}", one) for k, one in enumerate(shares)]


def sweep_record(run_id: str, shares: dict[str, float], status: Status = "ok", **changes: Any) -> RunRecord:
    spec = RunSpec(
        run_id=run_id, stage="mixture", size="tiny", n_params=2608, token_points=(TOKENS,), proportions=shares, seed=3,
    )  # fmt: skip
    return finished_record(spec.model_copy(update=changes), status)
