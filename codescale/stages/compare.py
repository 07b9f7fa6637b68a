"""``codescale compare``: the law's mixture and the search's in, runs with fresh seeds, the verdict out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codescale.cluster.ray_cluster import started_ray
from codescale.comparison.compare import compare_runs
from codescale.comparison.documents.amount import tokens_by_run
from codescale.comparison.documents.summary import UNKNOWN
from codescale.comparison.job import train_proof
from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM, comparison_runs
from codescale.comparison.result import ComparisonResult, ScaleComparison
from codescale.comparison.scales import both_scales
from codescale.corpus.reader import Corpus
from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.runs.records import RunSpec, read_records
from codescale.search.law_optimum import law_optimum
from codescale.search.objective.problem import SearchProblem, study_problem
from codescale.search.objective.study_space import conflicting_rules
from codescale.search.result import Incumbent
from codescale.stages.inputs import (
    StageContext,
    baseline_mixtures,
    comparable_law,
    search_result,
    searched_reference,
    target_availability,
    unique_tokens,
)
from codescale.stages.power import with_seeds
from codescale.stages.runs import describe, publish
from codescale.study.comparison import Scale
from codescale.study.languages import label
from codescale.sweeps.execute import done_already


def compare(context: StageContext) -> ComparisonResult:
    """Trains the baselines, predicted best and the search's choice with fresh seeds and judges them, at a larger scale
    too where the study has one.

    Raises :class:`~codescale.errors.UserError` where ``codescale fit`` or ``codescale search`` has not run, and where
    a run did not end well.
    """
    corpus = None if context.config.trainer else context.corpus()
    problem = study_problem(context.config, context.folder).with_reference(target_availability(context).tokens)
    problem = with_seeds(context, problem)
    if line := conflicting_rules(context.config, problem.space):
        context.progress.say(line)
    config = problem.config
    mixtures, best = compared_mixtures(context, problem)
    plans = {
        scale: comparison_runs(
            config, scale, mixtures, unique_tokens(context, scale.tokens), best.hyper, best.organisation
        )
        for scale in config.comparison.scales
    }
    _train(context, corpus, {scale: _distinct(plan) for scale, plan in plans.items()})
    judged: list[ScaleComparison] = []
    for scale, plan in plans.items():
        judged.append(_judged(context, corpus, problem, scale, plan, judged[0].yardstick if judged else None))
    if any(verdict.crossed is None for one in judged for verdict in one.baselines.values()):
        context.progress.say(UNKNOWN)
    result = both_scales(judged[0], judged[1] if len(judged) > 1 else None, problem.proxy.n_params)
    result.write(context.folder.comparison)
    publish(context.folder)
    return result


def compared_mixtures(context: StageContext, problem: SearchProblem) -> tuple[dict[str, Mixture], Incumbent]:
    """The mixtures to compare, and the trial that the search recommends, whose hyperparameters all have.

    The law's best and the search's keep the rules of one space and are judged by one weighting.
    """
    found = search_result(context.folder)
    best = found.best
    if best is None:
        command = f"run codescale search {context.folder.name} again"
        raise UserError(context.folder.search, "has no trial that came to its end", command)
    available = target_availability(context)
    config = problem.config
    words, known = config.comparison.compared, searched_reference(problem)
    baselines = baseline_mixtures(context, words, config.weights(), available, known)
    mixtures = {
        UNIFORM: baselines.pop(UNIFORM),
        PREDICTED: law_optimum(comparable_law(context), problem, available),
        MEASURED: Mixture(best.proportions),
    }
    # The others last: a study that names one more later finds the runs of the first three as they are.
    return mixtures | baselines, best


def _judged(
    context: StageContext,
    corpus: Corpus | None,
    problem: SearchProblem,
    scale: Scale,
    plan: Mapping[str, Sequence[RunSpec]],
    yardstick: str | None,
) -> ScaleComparison:
    records = {record.spec.run_id: record for record in read_records(context.folder.runs)}
    registry = context.config.registry()
    return compare_runs(
        problem.config,
        scale,
        corpus,
        comparable_law(context),
        {role: [records[spec.run_id] for spec in specs] for role, specs in plan.items()},
        context.folder.test_losses,
        {language: label(language, registry) for language in context.config.languages},
        yardstick,
    )


def _distinct(plan: Mapping[str, Sequence[RunSpec]]) -> list[RunSpec]:
    """The runs of ``plan``; roles that are one mixture share theirs."""
    return list({spec.run_id: spec for specs in plan.values() for spec in specs}.values())


def _train(context: StageContext, corpus: Corpus | None, plans: Mapping[Scale, Sequence[RunSpec]]) -> None:
    """Trains those of ``plans`` that are not done."""
    seconds = orchestration = 0.0
    config, folder = context.config, context.folder
    specs = [spec for listed in plans.values() for spec in listed]
    done = done_already(folder, specs)
    judged = [run_id for run_id, record in done.items() if record.status == "ok"]
    tokens = {} if corpus is None else tokens_by_run(config, plans, corpus, folder.test_losses, judged)
    if len(done) < len(specs):
        with started_ray(config.ray) as workers:
            execution = train_proof(specs, tokens, config, folder, workers, context.progress, describe)
        seconds, orchestration = execution.seconds, execution.orchestration
    records = list(done_already(context.folder, specs).values())
    context.timings.add("compare", seconds=seconds, orchestration=orchestration, records=records)
