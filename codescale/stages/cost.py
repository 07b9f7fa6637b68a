"""``codescale plan``: a study in, what its search and the proof may cost out; nothing is written."""

from __future__ import annotations

import os

from codescale.cluster.ray_cluster import Workers, workers_here
from codescale.runs.records import read_records
from codescale.search.cost import SearchCost, Speed, measured_speed, recorded_speed, search_cost
from codescale.search.objective.problem import SearchProblem, study_problem
from codescale.search.pareto import refuse_too_few
from codescale.search.space.space import SearchPoint
from codescale.search.trials.spec import TrialSpecs
from codescale.search.tune.run import placement
from codescale.stages.inputs import StageContext, target_availability
from codescale.stages.runs import check_memory


def cost(context: StageContext, *, seeds: int | None = None) -> SearchCost:
    """What the search and its proof may cost; trains for seconds at most. How fast a command of the user's is, its runs
    tell.

    ``seeds``: of the proof, where the study chooses them; else the fewest that it may choose are counted.
    Raises :class:`~codescale.errors.UserError` for what the search would refuse, such as more workers for a trial than
    there are.
    """
    problem = study_problem(context.config, context.folder)
    if problem.space.no_harm is not None:  # what the search would refuse is refused before anything is spent
        problem = problem.with_reference(target_availability(context).tokens)
    refuse_too_few(problem)
    config, records = problem.config, read_records(context.folder.runs)
    workers = workers_here(config.ray)
    if "RAY_ADDRESS" not in os.environ:  # a cluster says only when it is joined what it has
        placement(config, workers)
    speed = recorded_speed(records, config.search.size, workers.count)
    if speed is None and config.trainer is None:
        speed = _measured_speed(context, problem, workers)
    return search_cost(config, speed, seeds)


def _measured_speed(context: StageContext, problem: SearchProblem, workers: Workers) -> Speed:
    """A worker's speed by a few steps of a trial, where there is room for one."""
    trial = TrialSpecs(problem).spec(0, SearchPoint(problem.config.uniform(), {}))
    check_memory(context, [trial])
    return measured_speed(problem.config, workers.count, workers.threads)
