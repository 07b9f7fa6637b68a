"""``codescale search``: law and sweep in, real runs around the law's optimum, the best mixture found out."""

from __future__ import annotations

import numpy as np

from codescale.cluster.ray_cluster import started_ray
from codescale.runs.records import RunRecord, read_records
from codescale.runs.table import RunsTable
from codescale.runs.table_reader import read_runs
from codescale.search.law_optimum import law_draws, law_optimum
from codescale.search.objective.power_analysis import sweep_noise
from codescale.search.objective.problem import SearchProblem, study_problem
from codescale.search.objective.study_space import conflicting_rules
from codescale.search.pareto import refuse_too_few, run_front
from codescale.search.result import SearchResult
from codescale.search.run import run_search
from codescale.search.trials.pruning_audit import audit_runs, with_checks
from codescale.search.warm_start import WarmStart, target_noise
from codescale.stages.inputs import (
    StageContext,
    comparable_law,
    say_weightless,
    target_availability,
    unique_tokens,
)
from codescale.stages.runs import check_space, publish, train_runs
from codescale.sweeps.sessions import session_factory_of

THOMPSON_DRAWS = 3
"""How many optima of bootstrap samples the search begins with, beside the law's own."""


def search(context: StageContext) -> SearchResult:
    """Searches around the law's optimum with real runs on Ray Tune and Optuna.

    Returns
    -------
    SearchResult
        What ``search.json`` holds.

    Raises
    ------
    UserError
        Where there is no corpus or no law, the space is wrong, the budget does not suffice for a trial, or a trial
        meets bad input.
    """
    config, folder, progress = context.config, context.folder, context.progress
    problem = study_problem(config, folder, context.corpus_id)
    check_space(context, problem.space)
    problem = problem.with_unique_tokens(unique_tokens(context, problem.proxy.n_tokens))
    problem = problem.with_reference(target_availability(context).tokens)
    refuse_too_few(problem)
    if line := conflicting_rules(config, problem.space):
        progress.say(line)
    open_session = session_factory_of(config, folder)
    if problem.config.target != config.target:
        progress.say(
            f"{problem.space.path} has an objective or a target of its own: search and comparison go by it, "
            f"{folder.mixture.name} is for that of {folder.config_file.name}"
        )
    with started_ray(config.ray):
        if len(problem.space.aims) > 1:
            result = run_front(
                problem,
                lambda one: warm_start(context, one),
                open_session,
                folder,
                progress,
                lambda one, found: _audited(context, one, found),
            )
        else:
            found = run_search(problem, warm_start(context, problem), open_session, folder, progress)
            result = _audited(context, problem, found)
            result.write(folder.search)
    publish(folder)
    if not problem.space.aims:
        say_weightless(context)
    context.timings.put(
        "search",
        seconds=result.seconds,
        orchestration=result.overhead_seconds,
        records=[record for record in read_records(folder.runs) if record.spec.stage == "trial"],
    )
    return result


def warm_start(context: StageContext, problem: SearchProblem) -> WarmStart:
    """What the law and the sweep tell a search of ``problem``.

    Raises :class:`~codescale.errors.UserError` where ``codescale fit`` has not run, or its law is in another unit.
    """
    law, records = comparable_law(context), read_records(context.folder.runs)
    noise, runs = sweep_noise(records, problem.objective, problem.proxy.n_params), _runs_like_trials(context)
    return WarmStart(
        law_optimum=law_optimum(law, problem, target_availability(context)),
        bootstrap_optima=law_draws(law, problem, THOMPSON_DRAWS),
        evaluated=_with_the_trials_seed(records, context.config.seed),
        law=law,
        runs=runs,
        noise=None if noise is None else noise.pooled,
        target_noise=target_noise(runs, problem),
    )


def _audited(context: StageContext, problem: SearchProblem, result: SearchResult) -> SearchResult:
    """Trains stopped trials that are drawn at random to their end, and says how often stopping was wrong."""
    stopped = [trial.run_id for trial in result.trials if trial.state == "PRUNED"]
    records = {record.spec.run_id: record for record in read_records(context.folder.runs)}
    config = problem.config
    specs = audit_runs([records[run_id] for run_id in stopped], config.search.check_pruned, config.seed)
    if not specs:
        return result
    return with_checks(result, train_runs(context, specs, "check"), problem.objective)


def _with_the_trials_seed(records: list[RunRecord], seed: int) -> list[RunRecord]:
    """The sweep's runs under the trials' ``seed``; the search takes those of its own N, D and unique tokens."""
    return [
        record
        for record in records
        if record.status == "ok"
        and not record.spec.is_retry
        and record.spec.stage in ("grid", "mixture")
        and record.spec.seed == seed
    ]


def _runs_like_trials(context: StageContext) -> RunsTable | None:
    """The sweep's runs that repeat tokens as trials do, at every scale, on one corpus: what our sampler learns from."""
    if not context.folder.runs_table.exists():
        return None
    table = read_runs(context.folder.runs_table)
    if "stage" not in table.table.column_names:
        return None
    # A language alone repeats as little as can be; where mixtures repeat as the target will, that is another world.
    stages = ("mixture",) if context.config.sweep.repetition == "target" else ("grid", "mixture")
    alike = np.array([stage in stages for stage in table.table["stage"].to_pylist()], dtype=bool)
    start = context.config.start_id
    alike &= table.corpus_id == context.corpus_id + (f"-{start}" if start else "")
    alike &= table.organisation == context.config.training.organisation
    return table.select(alike) if alike.any() else None
