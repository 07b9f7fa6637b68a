"""Runs within a stage: those that have no record yet are trained, and all records become the runs table.

Ray and torch are loaded where something is to be trained, so that a stage that finds all runs done loads neither.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from codescale.directions import is_direction, without_directions
from codescale.errors import UserError
from codescale.organisation import ORGANISATION, PAIRED
from codescale.runs.records import RunRecord, RunSpec, read_records
from codescale.runs.table import compact
from codescale.search.objective.weights import search_weights
from codescale.search.space.space import SearchSpace
from codescale.stages.inputs import StageContext
from codescale.study.folder import StudyFolder
from codescale.study.trainer import HYPERPARAMETERS, TrainerSection


def train_runs(context: StageContext, specs: Sequence[RunSpec], stage: str) -> list[RunRecord]:
    """Trains those of ``specs`` that are not done, each alone, and publishes the table.

    Parameters
    ----------
    context
        The study.
    specs
        The runs; one that diverged before has its second try, at a lower learning rate, beside it.
    stage
        What the progress bar and ``timings.json`` call it.

    Returns
    -------
    list of RunRecord
        The records of all ``specs``, second tries included.
    """
    from codescale.cluster.ray_cluster import started_ray
    from codescale.sweeps.execute import done_already, execute
    from codescale.sweeps.retry import retries_of

    config, folder = context.config, context.folder
    specs = [*specs, *retries_of(done_already(folder, specs).values(), config.training.retry_rate)]
    done = done_already(folder, specs)
    seconds = orchestration = 0.0
    if len(done) < len(specs):
        check_memory(context, [spec for spec in specs if spec.run_id not in done])
        with started_ray(config.ray) as workers:
            execution = execute(specs, config, folder, workers, context.progress, describe, stage.capitalize())
        seconds, orchestration = execution.seconds, execution.orchestration
        done = {record.spec.run_id: record for record in execution.records}
    if specs:
        context.timings.add(stage, seconds=seconds, orchestration=orchestration, records=list(done.values()))
    publish(folder)
    return list(done.values())


def check_memory(context: StageContext, specs: Sequence[RunSpec]) -> None:
    """Refuses runs that this machine has no room for; on a cluster each worker does so for its own, and what a command
    needs nobody knows.
    """
    from codescale.sweeps.memory_check import memory_here

    if "RAY_ADDRESS" not in os.environ and context.config.trainer is None:
        memory_here(context.config, specs).check()


def check_space(context: StageContext, space: SearchSpace) -> None:
    """Refuses to pair, or to search whether to, where the corpus has nothing to pair; where a command trains, to free
    what it is not told.
    """
    if context.config.trainer is not None:
        _check_heard(context.config.trainer, space)
        return
    check_translations(context, search_weights(context.config, space))
    if context.config.training.organisation == PAIRED:
        check_translated(context, f"{context.folder.config_file}, training.organisation")
    if space.frees_organisation:
        check_translated(context, f"{space.path}, hyperparameters.{ORGANISATION}")


def _check_heard(trainer: TrainerSection, space: SearchSpace) -> None:
    heard = trainer.takes
    deaf = next((name for name in space.hyperparameters if name not in heard or name == ORGANISATION), None)
    if deaf is None:
        return
    hint = f"write {{{deaf}}} in trainer.command" if deaf in HYPERPARAMETERS else "leave it out"
    raise UserError(f"{space.path}, hyperparameters.{deaf}", "is freed, and the trainer's command is not told", hint)


def check_translated(context: StageContext, where: str) -> None:
    """Refuses what ``where`` asks for where the corpus has no translations of the pivot's documents."""
    from codescale.training.data.pairing import refuse_untranslated

    refuse_untranslated(context.corpus(), context.config.training.pivot, where)


def check_translations(context: StageContext, weights: Mapping[str, float]) -> None:
    """Refuses losses of translation that the corpus has no programs for, and a direction among ``weights`` of which
    either held-out split has none.
    """
    if context.config.training.translation_evaluation is None:
        return
    from codescale.training.metrics.translation import all_translation_pairs

    corpus, tokens = context.corpus(), context.config.training.context
    for split in ("validation", "test"):
        found = all_translation_pairs(corpus, context.config.directions, split, pairs=1, context=tokens)
        missing = next(
            (name for name, weight in weights.items() if weight and is_direction(name) and name not in found), None
        )
        if missing is not None:
            raise UserError(
                f"the weight of {missing}",
                f"no program of the {split} split has both languages and fits into a sequence of {tokens} tokens",
                "add programs that have both, raise training.context, or leave the weight out",
            )


def publish(folder: StudyFolder) -> None:
    """Writes the runs table and TensorBoard's curves of all records."""
    from codescale.training.metrics.tensorboard import write_curves

    records = read_records(folder.runs)
    compact(records, folder.runs_table)
    write_curves(folder.tensorboard, records)


def describe(record: RunRecord) -> str:
    """One line about a run that has just ended."""
    if record.status != "ok":
        return f"{record.spec.run_id}: {record.status} {record.note}"
    losses = record.final_losses()
    own = [language for language in record.spec.mixture.support if language in losses]
    shown = own if len(own) < 3 else without_directions(losses)
    mean = sum(losses[language] for language in shown) / len(shown)
    forgotten = "".join(f", {name} {rise:+.3f}" for name, rise in record.forgetting().items())
    since = f"; since the start{forgotten.removeprefix(',')}" if forgotten else ""
    return f"{record.spec.run_id}: loss {mean:.3f} nats per token{since}, {record.seconds:.0f} s"
