"""Several objectives at once: one search for each way to weigh them, and the trials that none other beats in all.

Each search is an ordinary one, with its own warm start, sampler and pruning; what an earlier one finished enters the
next as completed trials, so that they share what they measure. Weighted sums find every point of a convex front; a dent
in it stays hidden (Das and Dennis 1997, "A closer look at drawbacks of minimizing weighted sums").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from codescale.files import write_json
from codescale.progress import Progress
from codescale.runs import RunRecord, read_record
from codescale.search.objective import Objective
from codescale.search.run import Part, WarmStart, run_search
from codescale.search.session import OpenSession
from codescale.search.space import SearchSpace
from codescale.search.space_file import Aim
from codescale.search.weighting import combined
from codescale.study import StudyConfig, StudyFolder

SPARSE = 20
"""Trials below which two objectives get three searches instead of five."""

Directions = NDArray[np.float64]


def directions(count: int, trials: int) -> Directions:
    """(searches, ``count``): how each search weighs the objectives: all alike first, then each alone; for two of
    them and enough trials also a quarter to three quarters.
    """
    rows = [np.full(count, 1 / count), *np.eye(count)]
    if count == 2 and trials >= SPARSE:
        rows += [np.array([0.25, 0.75]), np.array([0.75, 0.25])]
    return np.array(rows)


def run_front(
    config: StudyConfig,
    folder: StudyFolder,
    space: SearchSpace,
    corpus_id: str,
    open_session: OpenSession,
    warm: Callable[[SearchSpace], WarmStart],
    progress: Progress,
) -> dict[str, Any]:
    """Searches the front of the objectives of ``space``; ``warm`` gives a warm start for a space of one objective.

    ``search.json`` is that of the search that weighs them all alike, with all searches' trials under ``front``. The
    trials, and a budget, are shared out evenly. Raises as :func:`~codescale.search.run.run_search`.
    """
    rows = directions(len(space.aims), config.search.most_trials)
    shared = _shared_out(config, len(rows))
    contents: list[dict[str, Any]] = []
    measured: dict[str, RunRecord] = {}
    for k, direction in enumerate(rows):
        narrowed = replace(space, aims=(combined(space.aims, direction),))
        start = warm(narrowed)
        for record in start.evaluated:
            measured.setdefault(record.spec.run_id, record)
        start = replace(start, evaluated=list(measured.values()))
        part = Part(f"front-{k}", folder.root / f"search-front-{k}.json")
        content = run_search(shared, folder, narrowed, corpus_id, open_session, start, progress, part)
        contents.append(content)
        for entry in content["trials"]:
            if entry["number"] is not None and entry["state"] == "COMPLETE":
                measured[entry["run_id"]] = read_record(folder.runs / f"{entry['run_id']}.json")
    result = _joined(contents, rows, [aim.name for aim in space.aims])
    result["front"] = front_of(list(measured.values()), space.aims, config.search.tokens)
    write_json(folder.search, result)
    return result


def front_of(records: Sequence[RunRecord], aims: Sequence[Aim], n_tokens: int) -> list[dict[str, Any]]:
    """The runs that no other one beats or equals in every objective, in order of the first one."""
    points = []
    for record in records:
        finals = [Objective.aimed(aim, n_tokens).curve(record).final for aim in aims]
        values = [final for final in finals if final is not None]
        if len(values) == len(aims):
            points.append((tuple(values), record))
    kept = [
        (values, record)
        for values, record in points
        if not any(other != values and all(a <= b for a, b in zip(other, values, strict=True)) for other, _ in points)
    ]
    return [
        {
            "run_id": record.spec.run_id,
            "proportions": dict(record.spec.proportions),
            "hyper": dict(record.spec.hyper),
            "objectives": dict(zip([aim.name for aim in aims], values, strict=True)),
        }
        for values, record in sorted(kept, key=lambda pair: pair[0])
    ]


def _shared_out(config: StudyConfig, searches: int) -> StudyConfig:
    search = config.search
    tokens, budget = search.most_tokens, search.budget
    each = budget.model_copy(
        update={
            "trials": max(1, search.most_trials // searches),
            "tokens": None if tokens is None else max(1, tokens // searches),
            "flops": None if budget.flops is None else budget.flops / searches,
            "hours": None if budget.hours is None else budget.hours / searches,
        }
    )
    trials = max(1, search.most_trials // searches)
    update = {"budget": each, "budget_tokens": None, "trials": trials}
    return config.model_copy(update={"search": search.model_copy(update=update)})


def _joined(contents: Sequence[Mapping[str, Any]], rows: Directions, names: Sequence[str]) -> dict[str, Any]:
    """The first search's content with the costs of all of them."""
    result = dict(contents[0])
    for name in ("tokens_trained", "tokens_saved_by_pruning", "pruned", "seconds", "overhead_seconds"):
        result[name] = sum(content[name] for content in contents)
    result["directions"] = [
        {"weights": dict(zip(names, map(float, row), strict=True)), "incumbent": content["incumbent"]}
        for row, content in zip(rows, contents, strict=True)
    ]
    return result
