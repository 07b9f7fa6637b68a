"""What is to be expected of the proof: for each question the gain, the chance that it is told, and what would help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from codescale.allocation.expected_gains import ExpectedGains
from codescale.allocation.uncertainty import sampled_interval
from codescale.arrays import Array
from codescale.comparison.power.detection import proof_chances, resolvable_gain, seeds_needed
from codescale.comparison.power.noise import DifferenceNoise
from codescale.comparison.power.questions import Question
from codescale.comparison.power.result import BaselinePower, Outlook, QuestionPower
from codescale.laws.law import Law
from codescale.search.objective.problem import ModelScale
from codescale.study.comparison import ON_VALIDATION

ANSWER, NULL = 0.8, 0.2
"""The chance of an answer from which on it is expected, and below which a null is."""


@dataclass(frozen=True)
class Proof:
    """The proof that is planned: its ``scale`` of N and D, the ``sequences`` of a run, the distinct tokens of each
    language that a run has, its ``seeds``, the ``yardstick`` that was named (or that it is chosen on validation), and
    the ``seed`` of what is drawn.
    """

    scale: ModelScale
    sequences: float
    unique_tokens: Mapping[str, float]
    seeds: int
    yardstick: str
    seed: int


@dataclass(frozen=True)
class Expectation:
    """Of one question: each baseline to its ``twins``, what is ``expected`` (None without a law) over those that are
    distinct, and the ``noise`` of its objective.
    """

    question: Question
    twins: Mapping[str, str]
    noise: DifferenceNoise
    expected: ExpectedGains | None

    @classmethod
    def of(cls, question: Question, law: Law | None, noise: DifferenceNoise, proof: Proof) -> Expectation:
        """Asks ``law``. Raises :class:`~codescale.errors.UserError` as
        :func:`~codescale.allocation.optimize.best_mixture`.
        """
        twins = question.twins(proof.sequences)
        words = tuple(dict.fromkeys(twins.values()))
        expected = None
        if law is not None:
            expected = question.expected(law, proof.scale, proof.unique_tokens, words, proof.seed)
        return cls(question, twins, noise, expected)

    @property
    def tests(self) -> int:
        """How many baselines are distinct mixtures."""
        return len(set(self.twins.values()))

    def gain(self, word: str) -> Array:
        """(samples,) that the law holds possible over the baseline ``word``, or over its twin."""
        assert self.expected is not None
        return np.asarray(self.expected.draws[:, self.expected.names.index(self.twins[word])])

    def against(self, yardstick: str) -> str:
        """The baseline that the outlook is of: the yardstick that was named, else the best one by the law."""
        if yardstick != ON_VALIDATION:
            return yardstick
        if self.expected is None:
            return next(iter(self.twins))
        return self.expected.names[int(np.argmin(self.expected.draws.mean(axis=0)))]

    def chances(self, seeds: int, seed: int) -> dict[str, float]:
        """The chance that the proof says *beats* of each baseline, by its word; nothing without a law."""
        if self.expected is None:
            return {}
        found = dict(zip(self.expected.names, proof_chances(self.expected.draws, self.noise, seeds, seed), strict=True))
        return {word: float(found[twin]) for word, twin in self.twins.items()}


def question_power(one: Expectation, proof: Proof) -> QuestionPower:
    """The expectation ``one`` of ``proof`` in figures and words."""
    resolves = resolvable_gain(one.noise.deviation, proof.seeds, one.tests)
    chances, against = one.chances(proof.seeds, proof.seed), one.against(proof.yardstick)
    baselines = {word: _baseline(one, word, chances.get(word)) for word in one.twins}
    outlook = _outlook(chances.get(against))
    return QuestionPower(
        name=one.question.name,
        searched=one.question.searched,
        weights=dict(one.question.weights),
        mixture=None if one.expected is None else dict(one.expected.mixture),
        resolves=resolves,
        against=against,
        outlook=outlook,
        statement=_statement(one, against, baselines[against], resolves, proof.seeds, outlook),
        baselines=baselines,
    )


def in_words(chance: float) -> str:
    """A chance in per cent; one that was simulated is never said to be none, or certain."""
    if chance < 0.005:
        return "below 1 %"
    return "above 99 %" if chance >= 0.995 else f"{100 * chance:.0f} %"


def _baseline(one: Expectation, word: str, chance: float | None) -> BaselinePower:
    twin = one.twins[word]
    if one.expected is None:
        return BaselinePower(same_as=None if twin == word else twin)
    drawn = one.gain(word)
    mean = float(drawn.mean())
    return BaselinePower(
        gain=sampled_interval(mean, drawn if one.expected.sampled else np.empty(0)),
        chance=chance,
        seeds_needed=seeds_needed(one.noise.deviation, mean, one.tests) if mean > 0 else None,
        same_as=None if twin == word else twin,
    )


def _outlook(chance: float | None) -> Outlook:
    if chance is None:
        return "unknown"
    if chance >= ANSWER:
        return "an answer is expected"
    return "a null is expected" if chance < NULL else "it may go either way"


def _statement(
    one: Expectation, against: str, baseline: BaselinePower, resolves: float, seeds: int, outlook: Outlook
) -> str:
    told = f"{seeds} seeds resolve {resolves:.4f} nats per token"
    if baseline.gain is None or baseline.chance is None:
        return f"{one.question.name}: {told}; the gain to expect is not known before there is a law."
    gain = baseline.gain
    bounds = "" if gain.low is None or gain.high is None else f" [{gain.low:.4f}, {gain.high:.4f}]"
    said = f"{one.question.name}: expected gain over {against} {gain.value:.4f}{bounds}; {told}; "
    said += f"chance {in_words(baseline.chance)}: {outlook}"
    if one.question.searched:
        return f"{said}."
    if outlook == "a null is expected":
        return f"{said}, so it is not searched."
    return f"{said}. It is not searched: study.yaml names another target."
