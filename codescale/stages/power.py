"""What the proof is expected to tell, by the sweep and the law: for ``codescale plan``, and as ``power.json``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from codescale.comparison.documents.amount import tokens_read
from codescale.comparison.power.advice import advice
from codescale.comparison.power.changes import EvaluatedText, changes, cheapest
from codescale.comparison.power.choice import chosen_seeds
from codescale.comparison.power.detection import POWER
from codescale.comparison.power.earlier_proof import earlier_proof_noise
from codescale.comparison.power.expectation import Expectation, Proof, question_power
from codescale.comparison.power.noise import DifferenceNoise, measured_noise, noise_of_like_studies
from codescale.comparison.power.questions import Question, further_question, searched_question
from codescale.comparison.power.result import NoiseResult, PowerResult
from codescale.comparison.statistics import ERROR
from codescale.laws.law import Law
from codescale.mixtures.mixture import Mixture
from codescale.runs.records import RunRecord, read_records
from codescale.runs.units import LossUnit
from codescale.search.objective.objective import Objective
from codescale.search.objective.problem import ModelScale, SearchProblem, study_problem
from codescale.stages.inputs import (
    StageContext,
    baseline_mixtures,
    comparable_law,
    fitted_law,
    searched_reference,
    target_availability,
    unique_tokens,
)
from codescale.study.comparison import AUTO
from codescale.study.config import StudyConfig
from codescale.study.languages import label


def power(context: StageContext) -> PowerResult:
    """Works out what is to be expected of the proof, writes ``power.json`` and says it, question by question.

    Seeds that ``seeds: auto`` has chosen before stay as they are, however often it is called. Raises
    :class:`~codescale.errors.UserError` where ``codescale fit`` has not run.
    """
    begun = time.monotonic()
    comparable_law(context)
    result = expected_power(context)
    result.write(context.folder.power)
    context.timings.add("power", seconds=time.monotonic() - begun)
    for line in (*(one.statement for one in result.questions), result.advice, result.caution):
        if line is not None:
            context.progress.say(line)
    return result


def say_before_the_law(context: StageContext) -> None:
    """Says what the seeds resolve, by what is known of the noise so far; nothing where there is a law, which tells
    more.
    """
    if context.folder.law.exists():
        return
    expected = expected_power(context)
    known = "by the sweep's seeds" if expected.noise.measured else "by the noise of like studies"
    context.progress.say(
        f"Before there is a law, {known}: {expected.seeds} seeds of each mixture resolve a gain of "
        f"{expected.own.resolves:.4f} nats per token."
    )


def with_seeds(context: StageContext, problem: SearchProblem) -> SearchProblem:
    """``problem`` with the seeds that the proof has: where the study chooses them, and has not yet, it does now."""
    section = problem.config.comparison
    if section.seeds != AUTO:
        return problem
    seeds = earlier_seeds(context) or power(context).seeds
    changed = section.model_copy(update={"seeds": seeds})
    return replace(problem, config=problem.config.model_copy(update={"comparison": changed}))


def expected_power(context: StageContext, test_losses: Path | None = None) -> PowerResult:
    """What the proof is expected to tell, by what there is: without a law the differences that seeds resolve, without
    a sweep those by the noise of like studies. Nothing is written.

    ``test_losses``: where a proof that the study has had keeps what documents cost; its noise is then reckoned with,
    and the test text's part of it is known. None: what was to be expected before there was one.
    """
    asked = _Asked.of(context, test_losses)
    config, section = asked.problem.config, asked.problem.config.comparison
    scale = ModelScale(config.sizes[section.size].n_params, section.tokens)
    unique = unique_tokens(context, section.tokens) if asked.corpus else None
    proof = Proof(
        scale=scale,
        sequences=section.tokens / config.training.context,
        unique_tokens={name: float(count) for name, count in _of_each(config, unique).items()},
        seeds=section.seed_count,
        yardstick=section.yardstick,
        seed=config.seed,
    )
    text = _evaluated_text(context) if asked.corpus else EvaluatedText(dict.fromkeys(config.languages, 0), {})
    own, *further = [
        Expectation.of(one, asked.law, _noise(asked, one, scale, text), proof) for one in asked.questions(context)
    ]
    if section.seeds == AUTO:
        seeds = chosen_seeds(own, proof.yardstick, section.most_seeds, proof.seed)
        proof = replace(proof, seeds=earlier_seeds(context) or seeds)
    questions = tuple(question_power(one, proof) for one in (own, *further))
    found = changes(own, proof, asked.law, text)
    best = cheapest(found)
    return PowerResult(
        n_params=scale.n_params,
        n_tokens=scale.n_tokens,
        seeds=proof.seeds,
        seeds_chosen=section.seeds == AUTO,
        budget_tokens=section.budget_tokens,
        level=ERROR,
        power=POWER,
        law=None if asked.law is None else asked.law.name,
        missing=asked.missing,
        caution=_caution(asked, own.question, proof),
        noise=_noise_result(own.noise),
        questions=questions,
        changes=found,
        cheapest=None if best is None else best.kind,
        advice=advice(
            questions[0], found, best, (own.tests + 2) * proof.seeds * scale.n_tokens, own.noise.text is not None
        ),
    )


@dataclass(frozen=True)
class _Asked:
    """What there is to ask: the search's problem, the records, the law and the corpus where there are any, the test
    losses of an earlier proof, and what is ``missing`` to say more.
    """

    problem: SearchProblem
    records: list[RunRecord]
    law: Law | None
    corpus: bool
    missing: str | None
    test_losses: Path | None

    @classmethod
    def of(cls, context: StageContext, test_losses: Path | None) -> _Asked:
        folder = context.folder
        corpus, fitted = folder.manifest.exists() or context.config.trainer is not None, folder.law.exists()
        problem = study_problem(context.config, folder)
        if corpus:
            problem = problem.with_reference(target_availability(context).tokens)
        law = fitted_law(folder) if corpus and fitted else None
        if law is not None and law.loss_unit is not LossUnit.NATS_PER_TOKEN:
            unit = f"The law is of {law.loss_unit}: what gains to expect in {LossUnit.NATS_PER_TOKEN} is not known."
            return cls(problem, read_records(folder.runs), None, corpus, unit, test_losses)
        stages = "sweep and fit" if corpus else "corpus, sweep and fit"
        missing = None if law is not None else f"What gains to expect is known once there is a law: {stages} make it."
        return cls(problem, read_records(folder.runs), law, corpus, missing, test_losses)

    def questions(self, context: StageContext) -> list[Question]:
        """The one that is searched, then the further ones."""
        config = self.problem.config
        own = searched_question(self.problem, self.law, self._baselines(context, self.problem.weights))
        further = [
            further_question(self.problem, name, self._baselines(context, config.weights(name)))
            for name in config.questions
        ]
        if self.law is None:
            return [own, *further]
        available, n_tokens = target_availability(context), self.problem.target.n_tokens
        return [one.within(available, n_tokens) for one in (own, *further)]

    def _baselines(self, context: StageContext, weights: Mapping[str, float]) -> Mapping[str, Mixture | None]:
        words = self.problem.config.comparison.compared
        if not self.corpus:
            return dict.fromkeys(words)
        known = searched_reference(self.problem)
        return dict(baseline_mixtures(context, words, weights, target_availability(context), known))


def _caution(asked: _Asked, question: Question, proof: Proof) -> str | None:
    """Why a law that does not know repetition misjudges baselines that repeat more than the target may."""
    config = asked.problem.config
    most = question.most_read(proof.unique_tokens, proof.scale.n_tokens, config.target.max_epochs)
    if asked.law is None or asked.law.half_life is not None or most is None:
        return None
    word, language, times = most
    return (
        f"The law does not know what repeated tokens cost, and {word} reads {label(language, config.registry())} "
        f"{times:.1f} times (target.max_epochs: {config.target.max_epochs:g}): the gain over it may be larger than is "
        "said."
    )


def _noise(asked: _Asked, question: Question, scale: ModelScale, text: EvaluatedText) -> DifferenceNoise:
    """Of the question's objective: of an earlier proof, on the text that is read now; else of the sweep at the proof's
    scale, else at the trials'; else of like studies.
    """
    if asked.test_losses is not None and asked.corpus:
        objective = Objective.of(question.weights, scale.n_tokens)
        earlier = earlier_proof_noise(asked.records, asked.test_losses, objective, scale.n_params)
        if earlier is not None:
            return earlier.on(text.read)
    for one in dict.fromkeys((scale, asked.problem.proxy)):
        objective = Objective.of(question.weights, one.n_tokens)
        found = measured_noise(asked.records, objective, one.n_params)
        if found is not None:
            return found
    return noise_of_like_studies()


def _noise_result(noise: DifferenceNoise) -> NoiseResult:
    return NoiseResult(
        deviation=noise.deviation,
        degrees_of_freedom=noise.freedom,
        between_seeds=noise.between_seeds,
        correlation=noise.correlation,
        measured=noise.measured,
        source=noise.source,
        text_share=None if noise.text is None else noise.text.variance / noise.deviation**2,
    )


def earlier_seeds(context: StageContext) -> int | None:
    """Those that were chosen before, under the limit and at the D that the study still has."""
    path, section = context.folder.power, context.config.comparison
    if not path.exists():
        return None
    earlier = PowerResult.read(path, "delete it; codescale demo and codescale compare make it again")
    same = (earlier.budget_tokens, earlier.n_tokens) == (section.budget_tokens, section.tokens)
    return earlier.seeds if earlier.seeds_chosen and same else None


def _of_each(config: StudyConfig, unique: int | dict[str, int] | None) -> dict[str, int]:
    return dict.fromkeys(config.languages, unique) if isinstance(unique, int) else unique or {}


def _evaluated_text(context: StageContext) -> EvaluatedText:
    """What one run of the proof reads of the test split, and what there is of it."""
    config = context.config
    if config.trainer is not None:
        return EvaluatedText(dict.fromkeys(config.languages, 0), {})
    corpus = context.corpus()
    available = {name: corpus.count_tokens(name, "test") for name in config.languages}
    return EvaluatedText.reading(tokens_read(config, config.comparison, corpus), available)
