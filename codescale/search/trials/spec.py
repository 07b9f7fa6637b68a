"""From a point of the search space to the run that tries it, under an identity that survives a kill; what such a run
costs, and how many more of them the budget allows.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from codescale.organisation import ORGANISATION, number_of, organisation_of
from codescale.runs.records import RunRecord, RunSpec
from codescale.search.objective.problem import SearchProblem
from codescale.search.space.space import SearchPoint
from codescale.study.config import StudyConfig
from codescale.training.flops import training_flops


@dataclass(frozen=True)
class TrialSpecs:
    """Makes the runs of the search of ``problem``: the study's proxy at one D on one corpus; only the point differs.

    ``part`` tells the searches of one Pareto front from each other.
    """

    problem: SearchProblem
    part: str = ""

    @property
    def flops(self) -> float:
        """Counted training FLOPs of a trial that runs to its end."""
        config = self.problem.config
        return run_cost(config, config.search.size, config.search.tokens)

    def spec(self, number: int, point: SearchPoint) -> RunSpec:
        """The run of trial ``number`` at ``point``.

        Its id holds a digest of all that the run depends on, so that a record or checkpoint of another point, proxy or
        corpus is never taken for it; shares count to 9 digits, for arithmetic differs a little between machines.
        """
        config = self.problem.config
        shares = {language: float(share) for language, share in point.mixture.items()}
        hyper = {name: value for name, value in point.hyper.items() if name != ORGANISATION}
        organised = point.hyper.get(ORGANISATION, number_of(config.training.organisation))
        draft = RunSpec(
            run_id=f"trial-{number:04d}",
            stage="trial",
            size=config.search.size,
            n_params=config.sizes[config.search.size].n_params,
            token_points=(config.search.tokens,),
            proportions=shares,
            unique_tokens=config.sweep.unique_tokens,
            seed=config.seed,
            organisation=organisation_of(organised),
            hyper=hyper,
            start=config.start_id,
        )
        content = draft.model_dump(mode="json") | {
            "corpus_id": self.problem.corpus_id,
            "proportions": {name: f"{share:.9f}" for name, share in shares.items()},
            "hyper": {name: f"{value:.9g}" for name, value in hyper.items()},
        }
        if self.part:
            content["part"] = self.part
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
        return draft.model_copy(update={"run_id": f"trial-{number:04d}-{digest}"})

    def number(self, spec: RunSpec) -> int | None:
        """The number of the trial that ``spec`` is in this search; None where it belongs to another one."""
        match = re.match(r"trial-(\d+)-", spec.run_id)
        if spec.stage != "trial" or match is None:
            return None
        number = int(match[1])
        point = SearchPoint(spec.mixture, {**spec.hyper, ORGANISATION: number_of(spec.organisation)})
        return number if self.spec(number, point).run_id == spec.run_id else None

    def belonging(self, records: Iterable[RunRecord]) -> dict[int, RunRecord]:
        """The records of this search's trials by number; those outside the space belong to a space given up since."""
        space, own = self.problem.space, number_of(self.problem.config.training.organisation)
        found: dict[int, RunRecord] = {}
        for record in records:
            number = self.number(record.spec) if record.corpus_id == self.problem.corpus_id else None
            if number is None or number in found:
                continue
            if not space.holds(space.point_of(record.spec)):
                continue
            if not space.frees_organisation and number_of(record.spec.organisation) != own:
                continue
            found[number] = record
        return found


@dataclass(frozen=True)
class UsedBudget:
    """What a search has taken of its budget: ``trials`` begun, their ``tokens`` and counted ``flops`` (those that
    running trials may still take included), and the ``seconds`` of all its sessions.
    """

    trials: int = 0
    tokens: int = 0
    flops: float = 0.0
    seconds: float = 0.0


def run_cost(config: StudyConfig, size: str, tokens: int) -> float:
    """Counted training FLOPs of one run."""
    return training_flops(config.sizes[size], config.corpus.vocabulary, config.training.context, tokens)


def trials_left(config: StudyConfig, spent: UsedBudget) -> int:
    """Whole trials that the budget still allows if none is stopped early; none where its hours are over."""
    search, budget = config.search, config.search.budget
    if budget.hours is not None and spent.seconds >= 3600 * budget.hours:
        return 0
    left = search.most_trials - spent.trials
    if search.most_tokens is not None:
        left = min(left, (search.most_tokens - spent.tokens) // search.tokens)
    if budget.flops is not None:
        each = run_cost(config, search.size, search.tokens)
        left = min(left, int((budget.flops - spent.flops) // each))
    return max(left, 0)
