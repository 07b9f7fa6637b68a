"""What would have the proof resolve the gain that is expected, by cost: seeds, longer runs, more text, or pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from codescale.comparison.power.detection import resolvable_gain, seeds_needed
from codescale.comparison.power.expectation import Expectation, Proof
from codescale.comparison.power.noise import DifferenceNoise
from codescale.comparison.power.result import Change
from codescale.laws.law import Law
from codescale.search.objective.problem import ModelScale
from codescale.training.flops import EVALUATED_OF_TRAINED

LONGER = (2, 4, 8)
"""Times the proof's D that are looked at."""


@dataclass(frozen=True)
class EvaluatedText:
    """Of each language's test split: the tokens that are ``read`` by one run of the proof, and those ``available``."""

    read: Mapping[str, int]
    available: Mapping[str, int]

    @classmethod
    def reading(cls, tokens: int, available: Mapping[str, int]) -> EvaluatedText:
        """``tokens`` of every language, or all that there are."""
        return cls({name: min(tokens, most) for name, most in available.items()}, available)


def changes(one: Expectation, proof: Proof, law: Law | None, text: EvaluatedText) -> tuple[Change, ...]:
    """Each change by itself, for the baseline that the outlook is of; nothing without a law, where no gain is expected,
    or where it is resolved already.

    Parameters
    ----------
    one
        What is expected of the question that is searched.
    proof
        As it is planned.
    law
        Tells the gain of longer runs, whose noise is taken to be that of the planned ones.
    text
        That one run is tested on. More of it is a change where it is known how much of the noise is the text's, and
        what runs of one seed have in common where that is not known.
    """
    if law is None or one.expected is None:
        return ()
    word = one.against(proof.yardstick)
    gain = float(one.gain(word).mean())
    if gain <= 0 or _resolves(one, one.noise, proof) <= gain:
        return ()
    found = [_more_seeds(one, proof, gain, text), _longer(one, proof, law, word, text)]
    if one.noise.text is not None:
        found.append(_more_text(one, proof, gain, text))
    if one.noise.correlation is None:
        found.append(_pairs(one, proof, gain))
    return tuple(found)


def cheapest(found: tuple[Change, ...]) -> Change | None:
    """The one of least tokens; None where none is known to help."""
    helpful = [one for one in found if one.tokens is not None]
    return min(helpful, key=lambda one: one.tokens or 0, default=None)


def _resolves(one: Expectation, noise: DifferenceNoise, proof: Proof) -> float:
    return resolvable_gain(noise.deviation, proof.seeds, one.tests)


def _helps(
    kind: str, to: int, gain: float, one: Expectation, seeds: int, tokens: int, read: Mapping[str, int]
) -> Change:
    """With the tokens of the whole proof: the distinct baselines, the law's best and the search's."""
    runs = (one.tests + 2) * seeds
    evaluated = runs * sum(read.values())
    cost = round(runs * tokens + EVALUATED_OF_TRAINED * evaluated)
    return Change.model_validate({"kind": kind, "to": to, "gain": gain, "tokens": cost, "evaluated": evaluated})


def _more_seeds(one: Expectation, proof: Proof, gain: float, text: EvaluatedText) -> Change:
    seeds = seeds_needed(one.noise.deviation, gain, one.tests)
    if seeds is None:
        return Change(kind="seeds")
    return _helps("seeds", seeds, gain, one, seeds, proof.scale.n_tokens, text.read)


def _longer(one: Expectation, proof: Proof, law: Law, word: str, text: EvaluatedText) -> Change:
    resolved = _resolves(one, one.noise, proof)
    for times in LONGER:
        scale = ModelScale(proof.scale.n_params, times * proof.scale.n_tokens)
        there = Expectation.of(one.question, law, one.noise, replace(proof, scale=scale))
        gain = float(there.gain(word).mean())
        if gain >= resolved:
            return _helps("tokens", scale.n_tokens, gain, one, proof.seeds, scale.n_tokens, text.read)
    return Change(kind="tokens")


def _more_text(one: Expectation, proof: Proof, gain: float, text: EvaluatedText) -> Change:
    """Twice as much, four times, and so on until it is all of the split."""
    tokens, longest = max(text.read.values()), max(text.available.values())
    while tokens < longest:
        tokens = min(2 * tokens, longest)
        read = EvaluatedText.reading(tokens, text.available).read
        if _resolves(one, one.noise.on(read), proof) <= gain:
            return _helps("test_text", tokens, gain, one, proof.seeds, proof.scale.n_tokens, read)
    return Change(kind="test_text")


def _pairs(one: Expectation, proof: Proof, gain: float) -> Change:
    """The correlation from which on the proof as it is planned resolves the gain."""
    deviation = gain / resolvable_gain(1.0, proof.seeds, one.tests)
    return Change(kind="pairs", gain=gain, correlation=1.0 - deviation**2 / (2.0 * one.noise.between_seeds**2))
