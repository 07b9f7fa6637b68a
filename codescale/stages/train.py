"""``codescale train``: a mixture in, one model and its record out."""

from __future__ import annotations

from pathlib import Path

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.schedule import Schedule
from codescale.organisation import ORGANISATION, PAIRED, Organisation
from codescale.runs.records import RunRecord
from codescale.stages.inputs import StageContext, available_tokens, predicted_mixture, refuse_trainer
from codescale.stages.runs import check_translated, check_translations, publish
from codescale.study.config import StudyConfig
from codescale.study.languages import label
from codescale.study.train import TrainSection
from codescale.sweeps.single_model import model_in, runs_of_model, train_model


def train(
    context: StageContext,
    *,
    size: str | None = None,
    tokens: int | None = None,
    mixture: Mixture | Schedule | None = None,
    output: str | Path | None = None,
    seed: int | None = None,
    organisation: Organisation | None = None,
    section: TrainSection | None = None,
) -> tuple[RunRecord, Path]:
    """Trains one model on one mixture, on one worker or many, and writes a folder that transformers opens.

    Parameters
    ----------
    context
        The study.
    size, tokens
        One of the study's sizes, and D (training tokens); those of the target where not given.
    mixture
        Shares of the languages, or a schedule of them; what ``codescale optimize`` found where not given, uniform
        before that.
    output
        The model's folder; one in the study's ``models`` where not given.
    seed
        Of weights and data order; the study's where not given.
    organisation, section
        Stand for study.yaml's ``training.organisation`` and ``train``.

    Returns
    -------
    tuple of RunRecord and Path
        The run's record, whose status is ``diverged`` where there is no model, and the folder.

    Raises
    ------
    UserError
        Where there is no corpus, no size, or nothing to pair though it is asked for.
    """
    refuse_trainer(
        context,
        "trains the study's runs, not the model of the target",
        f"start it yourself with {context.folder.mixture.name}, or what codescale export makes of it",
    )
    config = _training_as(context.config, organisation, section)
    size = size or config.target.size
    if size is None:
        raise UserError("--size", "is missing, the study's target has none", f"use one of {', '.join(config.sizes)}")
    tokens = tokens or config.target.n_tokens
    if mixture is None:
        mixture = predicted_mixture(context.folder) if context.folder.mixture.exists() else config.uniform()
    seed = config.seed if seed is None else seed
    if config.training.organisation == PAIRED:
        given = f"{context.folder.config_file}, training.organisation"
        check_translated(context, given if organisation is None else f"--{ORGANISATION}")
    check_translations(context, {})
    runs = runs_of_model(config, context.corpus().corpus_id, size, tokens, mixture, seed)
    place = Path(output).absolute() if output else context.folder.models / runs[0].run_id
    done = model_in(place, runs)
    if done is not None:
        return done, place
    _say_repeated(context, Schedule.of(mixture).mean, tokens)
    record = train_model(runs, config, context.folder, place, context.progress)
    publish(context.folder)
    return record, place


def _training_as(config: StudyConfig, organisation: Organisation | None, section: TrainSection | None) -> StudyConfig:
    """``config`` with what stands for its ``training.organisation`` and ``train``."""
    if section is not None:
        config = config.model_copy(update={"train": section})
    if organisation is None:
        return config
    return config.model_copy(update={"training": config.training.model_copy(update={ORGANISATION: organisation})})


def _say_repeated(context: StageContext, mixture: Mixture, tokens: int) -> None:
    """Says which languages a run of ``tokens`` tokens reads more often than the study's target allows."""
    registry = context.config.registry()
    for language, available in (available_tokens(context) or {}).items():
        epochs = mixture.get(language, 0.0) * tokens / available
        if epochs > context.config.target.max_epochs:
            name = label(language, registry)
            context.progress.say(f"{name}: its {available:,} training tokens are read {epochs:.1f} times")
