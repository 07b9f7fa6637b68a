"""``codescale sweep``: the corpus in, runs of many mixtures and sizes out, and the table of them."""

from __future__ import annotations

from collections.abc import Sequence

from codescale.errors import UserError
from codescale.mixtures.feasible import FeasibleSet
from codescale.runs.doubts import doubts
from codescale.runs.records import RunRecord, RunSpec
from codescale.search.objective.problem import study_problem
from codescale.stages.inputs import StageContext, available_tokens, known_tokens, swept_runs, target_availability
from codescale.stages.organisation import judge_organisations
from codescale.stages.runs import check_space, check_translated, train_runs
from codescale.sweeps.plan import check_repetition, plan_sweep


def planned_runs(context: StageContext) -> list[RunSpec]:
    """The runs of the sweep; before there is a corpus, without its limits on unique tokens."""
    return plan_sweep(context.config, known_tokens(context))


def sweep(context: StageContext) -> list[RunRecord]:
    """Trains the grid, the pairs and the mixtures, those that are not done yet.

    Returns
    -------
    list of RunRecord
        The records of all of them, those of earlier sessions included.

    Raises
    ------
    UserError
        Where there is no corpus, the sweep plans no runs, a later stage would refuse the study, or the user's own
        trainer fails at all of it.
    """
    _check_ahead(context)
    runs = planned_runs(context)
    if not runs:
        raise UserError(
            f"{context.folder.config_file}, sweep", "plans no runs", "give it a grid, pairs, mixtures or organisation"
        )
    records = train_runs(context, runs, "sweep")
    if context.config.trainer is not None:
        _check_trained(context, records)
    if context.config.sweep.organisation is not None:
        judge_organisations(context, records)
    return records


def _check_trained(context: StageContext, records: Sequence[RunRecord]) -> None:
    """Refuses runs of a trainer of which none ended well, and says what about the others is unlikely to be meant."""
    if all(record.status != "ok" for record in records):
        raise UserError(
            context.folder.runs,
            f"none of the {len(records)} runs ended well, {records[-1].spec.run_id}: {records[-1].note}",
            f"mend the trainer by codescale check-trainer {context.folder.name}, delete them, and sweep again",
        )
    for line in doubts(swept_runs(context.folder)):
        context.progress.say(f"warning: {line}")


def _check_ahead(context: StageContext) -> None:
    """Refuses, before anything is trained, what a later stage would refuse: its space and bounds in conflict."""
    config = context.config
    available = available_tokens(context)
    space = study_problem(config, context.folder).space
    check_space(context, space)
    if config.sweep.organisation is not None:
        check_translated(context, f"{context.folder.config_file}, sweep.organisation")
    highest = {language: high for language, (_, high) in space.bounds.items()}
    for stage in ("search", "comparison"):
        tokens = getattr(config, stage).tokens
        if available is not None:
            check_repetition(config, available, f"a run of the {stage}", highest, tokens)
    target = config.target
    FeasibleSet.within(config.languages, target.n_tokens, dict(target.bounds), target_availability(context))
