"""How often stopping was wrong: stopped trials, drawn at random, are trained to their end and held against the best.

They are trained anew, under ids of their own, since a stopped trial's record is final; their cost is told apart.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from codescale.runs.records import RunRecord, RunSpec
from codescale.search.objective.objective import Objective
from codescale.search.result import CheckedTrial, Incumbent, SearchResult, TrialResult


def audit_runs(stopped: Sequence[RunRecord], count: int, seed: int) -> list[RunSpec]:
    """The runs that finish ``count`` of the ``stopped`` trials (or all of them), drawn at random without regard to how
    they were doing. The same trials and seed give the same runs.
    """
    ordered = sorted(stopped, key=lambda record: record.spec.run_id)
    chosen = np.random.default_rng(seed).permutation(len(ordered))[:count]
    return [
        ordered[k].spec.model_copy(update={"run_id": f"check-{ordered[k].spec.run_id}", "stage": "check"})
        for k in sorted(chosen)
    ]


def with_checks(result: SearchResult, checks: Sequence[RunRecord], objective: Objective) -> SearchResult:
    """``result`` with ``checked``: how each of ``checks`` ended, whether it would have won, what it cost.

    One that beats the search's best becomes the incumbent: it was measured as well as any.
    """
    trials = {trial.run_id: trial for trial in result.trials}
    best, checked = result.incumbent, []
    for record in checks:
        trial = trials[record.spec.run_id.removeprefix("check-")]
        final = objective.curve(record).final if record.status == "ok" else None
        checked.append(_checked(record, final, trial, result.incumbent))
        if final is not None and (best is None or best.objective is None or final < best.objective):
            best = Incumbent(
                run_id=record.spec.run_id,
                proportions=dict(record.spec.proportions),
                hyper=dict(record.spec.hyper),
                organisation=record.spec.organisation,
                objective=final,
                number=trial.number,
            )
    tokens = sum(one.tokens_trained for one in checked)
    history = result.incumbent_history
    if best is not None and best.objective is not None and best != result.incumbent:
        history = (*history, ((result.tokens_trained or 0) + tokens, best.objective))
    return result.model_copy(
        update={
            "incumbent": best,
            "incumbent_history": history,
            "checked": tuple(checked),
            "tokens_checked": tokens,
        }
    )


def _checked(record: RunRecord, final: float | None, trial: TrialResult, best: Incumbent | None) -> CheckedTrial:
    """What the check of ``trial`` told, which ended at ``final``; ``best``: the search's own."""
    known = best.objective if best is not None else None
    return CheckedTrial(
        run_id=record.spec.run_id,
        trial=trial.run_id,
        objective=final,
        stopped_at=trial.tokens_trained,
        won=final is not None and known is not None and final < known,
        beat_the_best_of_then=bool(final is not None and trial.to_beat and final < trial.to_beat),
        tokens_trained=record.tokens_trained,
        flops=record.flops,
    )
