"""Expectations by hand: gains that a law would hold possible, over baselines of which two may be one mixture."""

from __future__ import annotations

import numpy as np

from codescale.allocation.expected_gains import ExpectedGains
from codescale.comparison.power.expectation import Expectation, Proof
from codescale.comparison.power.noise import DifferenceNoise
from codescale.comparison.power.questions import Question
from codescale.mixtures.mixture import Mixture
from codescale.search.objective.problem import ModelScale
from codescale.study.comparison import ON_VALIDATION
from codescale.study.questions import OWN_QUESTION

UNIFORM = Mixture({"python": 0.5, "java": 0.5})
BASELINES = {"uniform": UNIFORM, "natural": Mixture({"python": 0.9, "java": 0.1}), "weights": UNIFORM}


def proof(seeds: int = 5, yardstick: str = ON_VALIDATION) -> Proof:
    return Proof(ModelScale(1_000, 100_000), 400.0, {}, seeds, yardstick, 0)


def expectation(
    gains: dict[str, float] | None, deviation: float = 0.01, spread: float = 0.0, name: str = OWN_QUESTION
) -> Expectation:
    """``gains`` over ``uniform`` and ``natural``, with a deviation of ``spread`` over the samples."""
    noise = DifferenceNoise(deviation, 1e6, deviation / 2**0.5, None, True, "by hand")
    question = Question(name, {"python": 1.0, "java": 1.0}, BASELINES, {})
    expected = None
    if gains is not None:
        luck = spread * np.random.default_rng(0).standard_normal((200, 1))
        draws = np.array(list(gains.values())) + luck - luck.mean()
        expected = ExpectedGains(UNIFORM, tuple(gains), draws, spread > 0)
    return Expectation(question, question.twins(400.0), noise, expected)
