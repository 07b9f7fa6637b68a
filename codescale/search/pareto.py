"""Several objectives at once: one search for each way to weigh them, and the trials that none other beats in all.

Each search is an ordinary one, with its own warm start, sampler and pruning; what an earlier one finished enters the
next as completed trials, so that they share what they measure. Weighted sums find every point of a convex front; a dent
in it stays hidden (Das and Dennis 1997, "A closer look at drawbacks of minimizing weighted sums").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray

from codescale.errors import UserError
from codescale.progress import Progress
from codescale.runs.records import RunRecord, read_record
from codescale.search.objective.objective import Objective
from codescale.search.objective.problem import SearchProblem
from codescale.search.result import FrontDirection, FrontRun, SearchResult
from codescale.search.run import FrontSearch, run_search
from codescale.search.space.distributions import distributions, typed
from codescale.search.space.schema import ObjectiveSpec
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

AuditPruning = Callable[[SearchProblem, SearchResult], SearchResult]
"""Finishes some of a search's stopped trials: from a search's result to that with what they told."""


def directions(count: int, trials: int) -> Directions:
    """How each search of a front weighs the objectives.

    Parameters
    ----------
    count
        How many objectives there are.
    trials
        How many trials all searches have together.

    Returns
    -------
    Directions
        (searches, count), rows that sum to 1: all alike first, then each alone; for two objectives and enough trials
        also a quarter to three quarters.
    """
    rows = [np.full(count, 1 / count), *np.eye(count)]
    if count == 2 and trials >= SPARSE:
        rows += [np.array([0.25, 0.75]), np.array([0.75, 0.25])]
    return np.array(rows)


def unaudited(problem: SearchProblem, result: SearchResult) -> SearchResult:
    """``result`` as it is: no stopped trial is finished."""
    return result


def refuse_too_few(problem: SearchProblem) -> None:
    """Raises :class:`UserError` where trials, tokens or FLOPs do not suffice for a trial: of each search of the front
    where there are several objectives.
    """
    config, objectives = problem.config, len(problem.space.aims)
    trials, tokens, flops = config.search.most_trials, config.search.most_tokens, config.search.budget.flops
    searches = len(directions(objectives, trials)) if objectives > 1 else 1
    each = f"a trial of each of {searches} searches" if searches > 1 else "one trial"
    if trials < searches:
        raise UserError(
            "search.trials",
            f"{objectives} objectives ask for {searches} searches, and there are {trials} trials",
            f"give {searches} or more, or fewer objectives",
        )
    if tokens is not None and tokens < searches * config.search.tokens:
        raise UserError(
            "study.yaml, search.budget.tokens",
            f"does not suffice for {each}",
            f"give {searches * config.search.tokens:,} or more",
        )
    needed = searches * run_cost(config, config.search.size, config.search.tokens)
    if flops is not None and flops < needed:
        raise UserError("study.yaml, search.budget.flops", f"does not suffice for {each}", f"give {needed:.3g} or more")


def run_front(
    problem: SearchProblem,
    warm: Callable[[SearchProblem], WarmStart],
    open_session: OpenSession,
    folder: StudyFolder,
    progress: Progress,
    audit: AuditPruning = unaudited,
) -> SearchResult:
    """Searches the front of several objectives. The trials, a budget and the trials to check are shared out evenly.

    Parameters
    ----------
    problem
        What is asked; its space has several objectives.
    warm
        The warm start of a problem of one objective.
    open_session, folder, progress
        As for one search.
    audit
        Finishes some of a search's stopped trials.

    Returns
    -------
    SearchResult
        That of the search that weighs all objectives alike, with all searches' costs and checks, and the front.

    Raises
    ------
    UserError
        As :func:`~codescale.search.run.run_search`, and where the budget does not suffice for so many searches.
    """
    refuse_too_few(problem)
    config, space = problem.config, problem.space
    rows, names = directions(len(space.aims), config.search.most_trials), [aim.name for aim in space.aims]
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal = Journal(folder.optuna)
    shown = FrontMirror(journal, f"{config.name}: front", distributions(space), _objectives(problem))
    results: list[SearchResult] = []
    known: dict[str, RunRecord] = {}
    measured: dict[str, RunRecord] = {}
    origin: dict[str, int] = {}
    for k, direction in enumerate(rows):
        one = replace(problem.scalarized(direction), config=_shared_out(config, len(rows), k))
        start = warm(one)
        for record in start.evaluated:
            known.setdefault(record.spec.run_id, record)
        start = replace(start, evaluated=list(known.values()))
        name = f"{config.name}: {in_words(names, direction)}"
        mirror = DirectionMirror(journal, name, distributions(space), shown)
        part = FrontSearch(f"front-{k}", folder.root / f"search-front-{k}.json", mirror)
        result = audit(one, run_search(one, start, open_session, folder, progress, part))
        result.write(part.path)
        results.append(result)
        for run_id in _finished(result):
            origin[run_id], known[run_id] = k, read_record(folder.runs / f"{run_id}.json")
            # A trial is there already; a stopped one that was finished to check is not.
            shown.add(known[run_id], "check", _parameters(space, known[run_id]))
        measured |= {run_id: known[run_id] for run_id in [*_taken_over(result), *_finished(result)]}
        mirror.write()
    front = front_of(list(measured.values()), space.aims, config.search.tokens)
    placed = tuple(run.model_copy(update={"direction": origin.get(run.run_id)}) for run in front)
    joined = _joined(results, rows, names).model_copy(update={"front": placed})
    joined.write(folder.search)
    return joined


def in_words(names: Sequence[str], direction: Sequence[float]) -> str:
    """How a search weighs the objectives: ``web 0.75, systems 0.25``; one alone without its weight."""
    weighed = {name: float(part) for name, part in zip(names, direction, strict=True) if part}
    if len(weighed) == 1:
        return next(iter(weighed))
    return ", ".join(f"{name} {part:.2g}" for name, part in weighed.items())


def _objectives(problem: SearchProblem) -> dict[str, Objective]:
    return {aim.name: Objective.aimed(aim, problem.proxy.n_tokens) for aim in problem.space.aims}


def _finished(result: SearchResult) -> list[str]:
    """The runs that a search trained to their end, checks of stopped ones included."""
    trials = [trial.run_id for trial in result.trials if trial.number is not None and trial.state == "COMPLETE"]
    return trials + [one.run_id for one in result.checked or () if one.objective is not None]


def _taken_over(result: SearchResult) -> list[str]:
    """The runs of others, inside the space and trained as trials are, that a search counted as its own."""
    return [trial.run_id for trial in result.trials if trial.number is None and trial.state == "COMPLETE"]


def _parameters(space: SearchSpace, record: RunRecord) -> dict[str, Any]:
    return typed(space.parameters(space.point_of(record.spec)))


def front_of(records: Sequence[RunRecord], aims: Sequence[ObjectiveSpec], n_tokens: int) -> list[FrontRun]:
    """The runs that no other one beats or equals in every objective.

    Parameters
    ----------
    records
        Runs, the earliest first; those that do not measure every objective are left out.
    aims
        The objectives.
    n_tokens
        D at which they are judged.

    Returns
    -------
    list of FrontRun
        In order of the first objective; of runs that are equal in all of them the earliest.
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
        FrontRun(
            run_id=record.spec.run_id,
            proportions=dict(record.spec.proportions),
            hyper=dict(record.spec.hyper),
            organisation=record.spec.organisation,
            objectives=dict(zip([aim.name for aim in aims], values, strict=True)),
        )
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


def _joined(results: Sequence[SearchResult], rows: Directions, names: Sequence[str]) -> SearchResult:
    """The first search's result with the costs and the checks of all of them."""
    checked = tuple(one for result in results for one in result.checked or ())
    summed = ("tokens_trained", "tokens_saved_by_pruning", "pruned", "seconds", "overhead_seconds")
    return results[0].model_copy(
        update={name: sum(getattr(result, name) for result in results) for name in summed}
        | {
            "checked": checked,
            "tokens_checked": sum(one.tokens_trained for one in checked),
            "directions": tuple(
                FrontDirection(
                    name=in_words(names, row),
                    weights=dict(zip(names, map(float, row), strict=True)),
                    incumbent=result.incumbent,
                    recommended=result.recommended,
                )
                for row, result in zip(rows, results, strict=True)
            ),
        }
    )
