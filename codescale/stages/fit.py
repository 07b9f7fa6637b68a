"""``codescale fit``: the runs table in, the laws and the synergy matrix out."""

from __future__ import annotations

import time
import warnings

import numpy as np

from codescale.errors import UserError
from codescale.files import writing
from codescale.laws.fitting.fit import fit_law
from codescale.laws.law import Law, save_law
from codescale.laws.observations import narrow, observe
from codescale.laws.repetition import repeating_rows
from codescale.laws.scaling import fit_scaling
from codescale.laws.synergy.measured import measure_synergy
from codescale.laws.warning import RepetitionWarning
from codescale.organisation import ORGANISATIONS
from codescale.runs.records import SWEEP_STAGES
from codescale.runs.table import RunsTable
from codescale.stages.inputs import StageContext, swept_runs


def fit(context: StageContext) -> Law:
    """Fits the mixture law, each language's own scaling law, the synergy matrix and, where the runs allow it, the
    paper's law.

    Raises :class:`~codescale.errors.UserError` where ``codescale sweep`` has not run, or what it trained was organised
    otherwise than the study says.
    """
    begun = time.monotonic()
    swept = _of_the_sweep(swept_runs(context.folder))
    if not len(swept):
        raise UserError(
            context.folder.runs_table,
            "has no run that a law is fitted to: the plan organisation trains one mixture",
            f"give the sweep a grid, pairs or mixtures, and run codescale sweep {context.folder.name}",
        )
    table = _first_tries(context, _organised(context, swept))
    config, folder, progress = context.config, context.folder, context.progress
    section, seed = config.fit, config.seed
    with progress.bar("Fit the laws", 4) as advance:
        repetition = _repeats_as_the_target(context, table)
        law = fit_law(
            table, section.law, seed=seed, bootstrap=section.bootstrap, progress=progress, repetition=repetition
        )
        save_law(law, folder.law)
        advance(1)
        fit_scaling(table, config.languages, seed, section.bootstrap).write(folder.scaling)
        advance(1)
        measure_synergy(table, config.languages).write(folder.synergy)
        advance(1)
        _fit_papers_law(context, table, repetition)
        advance(1)
    context.timings.add("fit", seconds=time.monotonic() - begun)
    return law


def _repeats_as_the_target(context: StageContext, table: RunsTable) -> bool:
    """Whether the law has to know repetition: mixtures repeat as the target will, a language alone does not."""
    if context.config.sweep.repetition != "target":
        return False
    return bool(repeating_rows(observe(narrow(table))).any())


def _of_the_sweep(table: RunsTable) -> RunsTable:
    """The runs of ``table`` that a sweep did; all of them where it does not say what did them."""
    if "stage" not in table.table.column_names:
        return table
    stages = table.table["stage"].to_pylist()
    return table.select(np.array([stage in SWEEP_STAGES for stage in stages]))


def _organised(context: StageContext, table: RunsTable) -> RunsTable:
    """The runs of ``table`` that were organised as the study says. Raises :class:`UserError` where all that CodeScale
    knows the organisation of were organised otherwise.
    """
    own, found = context.config.training.organisation, set(table.organisation)
    if found and own not in found and found <= set(ORGANISATIONS):
        raise UserError(
            context.folder.runs_table,
            f"has no {own} runs of a sweep, as training.organisation says",
            f"run codescale sweep {context.folder.name} first, or set it to {' or '.join(sorted(found))}",
        )
    return table.organised(own)


def _first_tries(context: StageContext, table: RunsTable) -> RunsTable:
    """``table`` without second tries of runs that diverged, which had another learning rate than was planned."""
    if not table.retried.any():
        return table
    left_out = len(set(table.trunk[table.retried]))
    context.progress.say(f"left out of the fits: {left_out} second tries, at a lower rate, of runs that diverged")
    return table.select(~table.retried)


def _fit_papers_law(context: StageContext, table: RunsTable, repetition: bool) -> None:
    """The law of Yang et al. beside the chosen one; where these runs cannot give it, a line that says why. Nothing
    later needs it.
    """
    section, path = context.config.fit, context.folder.proportional
    seed, progress = context.config.seed, context.progress
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RepetitionWarning)  # said of the same rows before
            paper = fit_law(
                table,
                "proportional",
                seed=seed,
                bootstrap=section.bootstrap,
                progress=progress,
                repetition=repetition,
            )
    except UserError as error:
        with writing(path):
            path.unlink(missing_ok=True)
        progress.say(f"left out the paper's law, proportional, fitted beside {section.law}: {error.problem}")
        return
    save_law(paper, path)
