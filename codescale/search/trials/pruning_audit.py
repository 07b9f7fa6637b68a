"""How often stopping was wrong: stopped trials, drawn at random, are trained to their end and held against the best.

They are trained anew, under ids of their own, since a stopped trial's record is final; their cost is told apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from codescale.runs.records import RunRecord, RunSpec
from codescale.search.objective.objective import Objective


def drawn(stopped: Sequence[RunRecord], count: int, seed: int) -> list[RunSpec]:
    """The runs that finish ``count`` of the ``stopped`` trials (or all of them), drawn at random without regard to how
    they were doing. The same trials and seed give the same runs.
    """
    ordered = sorted(stopped, key=lambda record: record.spec.run_id)
    chosen = np.random.default_rng(seed).permutation(len(ordered))[:count]
    return [
        ordered[k].spec.model_copy(update={"run_id": f"check-{ordered[k].spec.run_id}", "stage": "check"})
        for k in sorted(chosen)
    ]


def with_checks(content: Mapping[str, Any], checks: Sequence[RunRecord], objective: Objective) -> dict[str, Any]:
    """``search.json``'s ``content`` with ``checked``: how each ended, whether it would have won, what it cost.

    One that beats the search's best becomes the incumbent: it was measured as well as any.
    """
    entries = {entry["run_id"]: entry for entry in content["trials"]}
    result = dict(content)
    best = content["incumbent"]
    checked = []
    for record in checks:
        trial = entries[record.spec.run_id.removeprefix("check-")]
        final = objective.curve(record).final if record.status == "ok" else None
        known = final is not None and content["incumbent"] is not None
        checked.append(
            {
                "run_id": record.spec.run_id,
                "trial": trial["run_id"],
                "objective": final,
                "stopped_at": trial["tokens_trained"],
                "won": bool(known and final < content["incumbent"]["objective"]),
                "beat_the_best_of_then": bool(final is not None and trial["to_beat"] and final < trial["to_beat"]),
                "tokens_trained": record.tokens_trained,
                "flops": record.flops,
            }
        )
        if final is not None and (best is None or final < best["objective"]):
            best = {
                "run_id": record.spec.run_id,
                "proportions": dict(record.spec.proportions),
                "hyper": dict(record.spec.hyper),
                "organisation": record.spec.organisation,
                "objective": final,
                "number": trial["number"],
            }
    result |= {"incumbent": best, "checked": checked}
    result["tokens_checked"] = sum(one["tokens_trained"] for one in checked)
    if best is not None and best != content["incumbent"]:
        spent = content["tokens_trained"] + result["tokens_checked"]
        result["incumbent_history"] = [*content["incumbent_history"], [spent, best["objective"]]]
    return result
