"""``codescale check-trainer``: a study's own command in, and out what one tiny run of it showed and what is missing.

Nothing of the study is written but the log of a run that failed; Ray is not started.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from codescale.errors import UserError
from codescale.progress import Progress
from codescale.runs.records import RunRecord, RunSpec
from codescale.search.objective.problem import study_problem
from codescale.stages.inputs import StageContext
from codescale.stages.runs import check_space
from codescale.study.config import StudyConfig
from codescale.study.trainer import SHARE
from codescale.trainers.command import Place
from codescale.trainers.factory import CommandSessionFactory
from codescale.trainers.session import CommandSession

STEPS = 20
"""Optimizer steps of the run, where nobody says its tokens."""


@dataclass(frozen=True)
class TrainerCheck:
    """What one run of a study's command showed.

    Attributes
    ----------
    command
        As a shell would take it.
    mixture
        The text of the mixture's file.
    record
        The run: its evaluations, how long it took.
    test
        Losses on test text by language, nats per token; those that the last result had.
    missing
        What a stage will miss, or what the command was not told, a sentence each.
    """

    command: str
    mixture: str
    record: RunRecord
    test: dict[str, float]
    missing: tuple[str, ...]


def check_trainer(context: StageContext, tokens: int | None = None) -> TrainerCheck:
    """Has the study's command train one tiny run, at equal shares.

    Parameters
    ----------
    context
        The study.
    tokens
        D of the run; None: 20 optimizer steps, or that of a trial where that is less.

    Raises
    ------
    UserError
        Where the study has no trainer, frees what its command is not told, or where the run does not end well: with the
        reason and the command's last lines.
    """
    config, where = context.config, context.folder.config_file
    if config.trainer is None:
        raise UserError(where, "has no section trainer: our own core trains", "see docs/own-trainer.md")
    check_space(context, study_problem(config, context.folder).space)
    factory = CommandSessionFactory.of(config, context.folder)
    spec = tiny_run(config, tokens)
    session = factory(spec)
    session.discard_checkpoint()  # of a check that was killed
    session = factory(spec)
    try:
        command = factory.template.command(spec, session.folder, Place.here())
        context.progress.say(f"Starting: {shlex.join(command.arguments)}")
        _advance(session, context.progress)
        if session.failure:
            raise UserError(
                f"{where}, trainer", f"the run {_ended(session)}: {session.failure}", "mend the command, or results"
            )
        text = factory.template.mixture_text(spec)
        return TrainerCheck(
            shlex.join(command.arguments), text, session.record(session.outcome), session.test, missing(config, session)
        )
    finally:
        session.discard_checkpoint()


def tiny_run(config: StudyConfig, tokens: int | None) -> RunSpec:
    """The run of the check: the size of a trial, at equal shares."""
    size = config.search.size
    few = min(STEPS * config.training.batch * config.training.context, config.search.tokens)
    return RunSpec(
        run_id="check-trainer",
        stage="check",
        size=size,
        n_params=config.sizes[size].n_params,
        token_points=(tokens or few,),
        proportions=dict(config.uniform()),
        seed=config.seed,
        start=config.start_id,
    )


def _advance(session: CommandSession, progress: Progress) -> None:
    while not session.finished:
        evaluation = session.advance()
        if evaluation is not None:
            losses = ", ".join(f"{name} {loss:.4f}" for name, loss in evaluation.losses.items())
            kind = "annealed" if evaluation.annealed else "on the way"
            progress.say(f"Read at {evaluation.n_tokens:,} tokens, {kind}: {losses} nats per token")


def _ended(session: CommandSession) -> str:
    return "diverged" if session.diverged else "failed"


def missing(config: StudyConfig, session: CommandSession) -> tuple[str, ...]:
    """What a later stage will miss of runs like the one of ``session``, and what its command is not told."""
    trainer = config.trainer
    assert trainer is not None
    takes, said = trainer.takes, []
    if not any(name == "mixture" or name.startswith(SHARE) for name in takes):
        said.append("The command takes neither {mixture} nor {share.LANGUAGE}: does it read CODESCALE_MIXTURE?")
    if not takes & {"tokens", "steps"}:
        said.append("The command takes neither {tokens} nor {steps}: does it read CODESCALE_TOKENS?")
    if "seed" not in takes:
        said.append("The command does not take {seed}: does it read CODESCALE_SEED?")
    lacking = [name for name in config.languages if name not in session.test]
    if lacking:
        key = trainer.results.test.get(lacking[0], f"test.{lacking[0]}")
        said.append(f"The last result has no {key}: codescale compare needs losses on text that nothing was chosen by.")
    if len(session.evaluations) < 2:
        said.append("There is one result, the last: no trial can be stopped early without some on the way.")
    if "learning_rate_factor" not in takes:
        said.append("The command does not take {learning_rate_factor}: a run that diverges is not tried again.")
    return tuple(said)
