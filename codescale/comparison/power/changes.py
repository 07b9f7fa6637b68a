"""What would have the proof resolve the gain that is expected: more seeds or longer runs, by cost."""

from __future__ import annotations

from dataclasses import replace

from codescale.comparison.power.detection import resolvable_gain, seeds_needed
from codescale.comparison.power.expectation import Expectation, Proof
from codescale.comparison.power.result import Change
from codescale.laws.law import Law
from codescale.search.objective.problem import ModelScale

LONGER = (2, 4, 8)
"""Times the proof's D that are looked at."""
_OF_A_TOKEN = 1.0 / 3.0
"""What an evaluated token costs of a trained one: forward, without backward."""


def changes(one: Expectation, proof: Proof, law: Law | None, tested: int) -> tuple[Change, ...]:
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
    tested
        Tokens that one run is tested on. More of them is no change here: how much of a difference's noise lies in the
        text was not measured.
    """
    if law is None or one.expected is None:
        return ()
    word = one.against(proof.yardstick)
    gain = float(one.gain(word).mean())
    if gain <= 0 or resolvable_gain(one.noise.deviation, proof.seeds, one.tests) <= gain:
        return ()
    return (
        _more_seeds(one, proof, gain, tested),
        _longer(one, proof, law, word, tested),
    )


def cheapest(found: tuple[Change, ...]) -> Change | None:
    """The one of least tokens; None where none helps."""
    helpful = [one for one in found if one.tokens is not None]
    return min(helpful, key=lambda one: one.tokens or 0, default=None)


def _cost(one: Expectation, seeds: int, tokens: int, evaluated: int) -> int:
    """Tokens of the whole proof: the distinct baselines, the law's best and the search's."""
    return round((one.tests + 2) * seeds * (tokens + _OF_A_TOKEN * evaluated))


def _more_seeds(one: Expectation, proof: Proof, gain: float, tested: int) -> Change:
    seeds = seeds_needed(one.noise.deviation, gain, one.tests)
    if seeds is None:
        return Change(kind="seeds")
    return Change(kind="seeds", to=seeds, gain=gain, tokens=_cost(one, seeds, proof.scale.n_tokens, tested))


def _longer(one: Expectation, proof: Proof, law: Law, word: str, tested: int) -> Change:
    resolved = resolvable_gain(one.noise.deviation, proof.seeds, one.tests)
    for times in LONGER:
        scale = ModelScale(proof.scale.n_params, times * proof.scale.n_tokens)
        there = Expectation.of(one.question, law, one.noise, replace(proof, scale=scale))
        gain = float(there.gain(word).mean())
        if gain >= resolved:
            cost = _cost(one, proof.seeds, scale.n_tokens, tested)
            return Change(kind="tokens", to=scale.n_tokens, gain=gain, tokens=cost)
    return Change(kind="tokens")
