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
import optuna
from numpy.typing import NDArray

from codescale.errors import UserError
from codescale.files import write_json
from codescale.progress import Progress
from codescale.runs.records import RunRecord, read_record
from codescale.search.objective.objective import Objective
from codescale.search.objective.weights import combined
from codescale.search.run import Part, run_search
from codescale.search.space.distributions import distributions, typed
from codescale.search.space.schema import Aim
from codescale.search.space.space import SearchSpace
from codescale.search.trials.session import OpenSession
from codescale.search.trials.spec import run_cost
from codescale.search.tune.optuna_mirror import DirectionMirror, FrontMirror, Journal
from codescale.search.warm_start import WarmStart
from codescale.study.config import StudyConfig
from codescale.study.folder import StudyFolder

SPARSE = 20
"""Trials below which two objectives get three searches instead of five."""

Directions = NDArray[np.float64]

Check = Callable[[StudyConfig, SearchSpace, dict[str, Any]], dict[str, Any]]
"""Finishes some of a search's stopped trials: from a search's content to that with what they told."""


def directions(count: int, trials: int) -> Directions:
    """(searches, ``count``): how each search weighs the objectives: all alike first, then each alone; for two of
    them and enough trials also a quarter to three quarters.
    """
    rows = [np.full(count, 1 / count), *np.eye(count)]
    if count == 2 and trials >= SPARSE:
        rows += [np.array([0.25, 0.75]), np.array([0.75, 0.25])]
    return np.array(rows)


def unchecked(config: StudyConfig, space: SearchSpace, content: dict[str, Any]) -> dict[str, Any]:
    """``content`` as it is: no stopped trial is finished."""
    return content


def refuse_too_few(config: StudyConfig, space: SearchSpace) -> None:
    """Raises :class:`UserError` where trials, tokens or FLOPs do not suffice for a trial: of each search of the front
    where there are several objectives.
    """
    trials, tokens, flops = config.search.most_trials, config.search.most_tokens, config.search.budget.flops
    searches = len(directions(len(space.aims), trials)) if len(space.aims) > 1 else 1
    each = f"a trial of each of {searches} searches" if searches > 1 else "one trial"
    if trials < searches:
        raise UserError(
            "search.trials", f"{len(space.aims)} objectives ask for {searches} searches, and there are {trials} trials",
            f"give {searches} or more, or fewer objectives",
        )  # fmt: skip
    if tokens is not None and tokens < searches * config.search.tokens:
        raise UserError(
            "study.yaml, search.budget.tokens", f"does not suffice for {each}",
            f"give {searches * config.search.tokens:,} or more",
        )  # fmt: skip
    needed = searches * run_cost(config, config.search.size, config.search.tokens)
    if flops is not None and flops < needed:
        raise UserError("study.yaml, search.budget.flops", f"does not suffice for {each}", f"give {needed:.3g} or more")


def run_front(
    config: StudyConfig,
    folder: StudyFolder,
    space: SearchSpace,
    corpus_id: str,
    open_session: OpenSession,
    warm: Callable[[SearchSpace], WarmStart],
    progress: Progress,
    check: Check = unchecked,
) -> dict[str, Any]:
    """Searches the front of the objectives of ``space``; ``warm`` gives a warm start for a space of one objective,
    ``check`` finishes some of a search's stopped trials.

    ``search.json`` is that of the search that weighs them all alike, with all searches' trials under ``front``. The
    trials, a budget and the trials to check are shared out evenly. Raises as :func:`~codescale.search.run.run_search`.
    """
    refuse_too_few(config, space)
    rows, names = directions(len(space.aims), config.search.most_trials), [aim.name for aim in space.aims]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal = Journal(folder.optuna)
    shown = FrontMirror(journal, f"{config.name}: front", distributions(space), _objectives(space, config))
    contents: list[dict[str, Any]] = []
    known: dict[str, RunRecord] = {}
    measured: dict[str, RunRecord] = {}
    origin: dict[str, int] = {}
    for k, direction in enumerate(rows):
        shared, narrowed = _shared_out(config, len(rows), k), replace(space, aims=(combined(space.aims, direction),))
        start = warm(narrowed)
        for record in start.evaluated:
            known.setdefault(record.spec.run_id, record)
        start = replace(start, evaluated=list(known.values()))
        name = f"{config.name}: {in_words(names, direction)}"
        mirror = DirectionMirror(journal, name, distributions(space), shown)
        part = Part(f"front-{k}", folder.root / f"search-front-{k}.json", mirror)
        content = run_search(shared, folder, narrowed, corpus_id, open_session, start, progress, part)
        content = check(shared, narrowed, content)
        write_json(part.path, content)
        contents.append(content)
        for run_id in _finished(content):
            origin[run_id], known[run_id] = k, read_record(folder.runs / f"{run_id}.json")
            # A trial is there already; a stopped one that was finished to check is not.
            shown.add(known[run_id], "check", _parameters(space, known[run_id]))
        measured |= {run_id: known[run_id] for run_id in [*_taken_over(content), *_finished(content)]}
        mirror.write()
    result = _joined(contents, rows, names)
    result["front"] = [
        point | {"direction": origin.get(point["run_id"])}
        for point in front_of(list(measured.values()), space.aims, config.search.tokens)
    ]
    write_json(folder.search, result)
    return result


def in_words(names: Sequence[str], direction: Sequence[float]) -> str:
    """How a search weighs the objectives: ``web 0.75, systems 0.25``; one alone without its weight."""
    weighed = {name: float(part) for name, part in zip(names, direction, strict=True) if part}
    if len(weighed) == 1:
        return next(iter(weighed))
    return ", ".join(f"{name} {part:.2g}" for name, part in weighed.items())


def _objectives(space: SearchSpace, config: StudyConfig) -> dict[str, Objective]:
    return {aim.name: Objective.aimed(aim, config.search.tokens) for aim in space.aims}


def _finished(content: Mapping[str, Any]) -> list[str]:
    """The runs that a search trained to their end, checks of stopped ones included."""
    trials = [one["run_id"] for one in content["trials"] if one["number"] is not None and one["state"] == "COMPLETE"]
    return trials + [one["run_id"] for one in content.get("checked", ()) if one["objective"] is not None]


def _taken_over(content: Mapping[str, Any]) -> list[str]:
    """The runs of others, inside the space and trained as trials are, that a search counted as its own."""
    return [one["run_id"] for one in content["trials"] if one["number"] is None and one["state"] == "COMPLETE"]


def _parameters(space: SearchSpace, record: RunRecord) -> dict[str, Any]:
    return typed(space.parameters(space.point_of(record.spec)))


def front_of(records: Sequence[RunRecord], aims: Sequence[Aim], n_tokens: int) -> list[dict[str, Any]]:
    """The runs that no other one beats or equals in every objective, in order of the first one; of runs that are equal
    in all of them the earliest.
    """
    points: dict[tuple[float, ...], RunRecord] = {}
    for record in records:
        finals = [Objective.aimed(aim, n_tokens).curve(record).final for aim in aims]
        values = [final for final in finals if final is not None]
        if len(values) == len(aims):
            points.setdefault(tuple(values), record)
    kept = [
        (values, record)
        for values, record in points.items()
        if not any(other != values and all(a <= b for a, b in zip(other, values, strict=True)) for other in points)
    ]
    return [
        {
            "run_id": record.spec.run_id,
            "proportions": dict(record.spec.proportions),
            "hyper": dict(record.spec.hyper),
            "organisation": record.spec.organisation,
            "objectives": dict(zip([aim.name for aim in aims], values, strict=True)),
        }
        for values, record in sorted(kept, key=lambda pair: pair[0])
    ]


def _shared_out(config: StudyConfig, searches: int, k: int) -> StudyConfig:
    """``config`` for the search number ``k`` of so many; of trials to check the first ones have what is left over."""
    search = config.search
    tokens, budget = search.most_tokens, search.budget
    trials = search.most_trials // searches
    each = budget.model_copy(
        update={
            "trials": trials,
            "tokens": None if tokens is None else tokens // searches,
            "flops": None if budget.flops is None else budget.flops / searches,
            "hours": None if budget.hours is None else budget.hours / searches,
        }
    )
    checks = search.check_pruned // searches + (k < search.check_pruned % searches)
    update = {"budget": each, "budget_tokens": None, "trials": trials, "check_pruned": checks}
    return config.model_copy(update={"search": search.model_copy(update=update)})


def _joined(contents: Sequence[Mapping[str, Any]], rows: Directions, names: Sequence[str]) -> dict[str, Any]:
    """The first search's content with the costs and the checks of all of them."""
    result = dict(contents[0])
    for name in ("tokens_trained", "tokens_saved_by_pruning", "pruned", "seconds", "overhead_seconds"):
        result[name] = sum(content[name] for content in contents)
    result["checked"] = [one for content in contents for one in content.get("checked", ())]
    result["tokens_checked"] = sum(one["tokens_trained"] for one in result["checked"])
    result["directions"] = [
        {
            "name": in_words(names, row),
            "weights": dict(zip(names, map(float, row), strict=True)),
            "incumbent": content["incumbent"],
            "recommended": content["recommended"],
        }
        for row, content in zip(rows, contents, strict=True)
    ]
    return result
