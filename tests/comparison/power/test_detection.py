"""What the plan calls resolvable, and its chances, against simulated proofs that the comparison's own code judges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.comparison.baselines import against_baselines
from codescale.comparison.power.detection import (
    POWER,
    detection_chance,
    proof_chances,
    resolvable_gain,
    seeds_needed,
)
from codescale.comparison.power.noise import DifferenceNoise
from codescale.comparison.result import JudgedSplit
from codescale.comparison.statistics import summary

DEVIATIONS = st.floats(1e-4, 1.0)


def noise(deviation: float, freedom: float) -> DifferenceNoise:
    return DifferenceNoise(deviation, freedom, deviation / 2**0.5, None, True, "by hand")


def proofs_that_beat(
    gains: list[float], deviation: float, seeds: int, proofs: int, freedom: float | None = None
) -> list[float]:
    """The share of simulated proofs in which the comparison says *beats* of each baseline; ``deviation`` is of a
    difference.
    """
    generator = np.random.default_rng(1)
    said = np.zeros(len(gains))
    for _ in range(proofs):
        spread = deviation if freedom is None else deviation * np.sqrt(freedom / generator.chisquare(freedom))
        runs = generator.standard_normal((len(gains) + 1, seeds)) * spread / 2**0.5
        baselines = {str(k): JudgedSplit(objective=summary((runs[k] + gain).tolist())) for k, gain in enumerate(gains)}
        verdicts = against_baselines(JudgedSplit(objective=summary(runs[-1].tolist())), baselines)
        said += [one.beats is True for one in verdicts.values()]
    return [float(share) for share in said / proofs]


@pytest.mark.parametrize(("seeds", "gain"), [(3, 0.03), (3, 0.06), (5, 0.015), (12, 0.01)])
def test_the_chance_is_the_share_of_proofs_that_say_so(seeds: int, gain: float) -> None:
    said = proofs_that_beat([gain], 0.015, seeds, 1_500)[0]
    assert detection_chance(gain, 0.015, seeds) == pytest.approx(said, abs=0.03)


@given(DEVIATIONS, st.integers(2, 200), st.integers(1, 20))
def test_what_is_resolved_is_told_in_four_of_five_proofs(deviation: float, seeds: int, tests: int) -> None:
    gain = resolvable_gain(deviation, seeds, tests)
    assert detection_chance(gain, deviation, seeds, tests) == pytest.approx(POWER, abs=1e-4)
    assert detection_chance(2 * gain, deviation, seeds, tests) > 0.95
    assert resolvable_gain(deviation, seeds + 1, tests) < gain < resolvable_gain(deviation, seeds, tests + 1)


@given(DEVIATIONS, st.floats(1e-3, 1.0), st.integers(1, 10))
@settings(max_examples=30)
def test_the_seeds_needed_are_the_fewest(deviation: float, gain: float, tests: int) -> None:
    needed = seeds_needed(deviation, gain, tests)
    if needed is None:
        assert resolvable_gain(deviation, 1_000, tests) > gain
        return
    assert resolvable_gain(deviation, needed, tests) <= gain
    assert needed == 2 or resolvable_gain(deviation, needed - 1, tests) > gain


def test_one_seed_tells_nothing() -> None:
    assert resolvable_gain(0.01, 1) == float("inf")
    assert detection_chance(1.0, 0.01, 1) == 0.0
    assert seeds_needed(0.01, 1.0, most=1) is None


@pytest.mark.parametrize("gains", [[0.03], [0.05, 0.02, 0.0], [0.03, 0.03, 0.03, 0.03]])
@pytest.mark.parametrize("seeds", [3, 6])
def test_chances_over_several_baselines_are_those_of_the_comparison(gains: list[float], seeds: int) -> None:
    found = proof_chances(np.array([gains]), noise(0.02, 1e6), seeds)
    assert found == pytest.approx(proofs_that_beat(gains, 0.02, seeds, 1_000), abs=0.045)


def test_a_noise_that_few_replicates_tell_leaves_chances_less_sure() -> None:
    gains = np.array([[0.05]])
    known, guessed = (proof_chances(gains, noise(0.015, freedom), 4)[0] for freedom in (1e6, 2.0))
    assert guessed < known - 0.05
    assert guessed == pytest.approx(proofs_that_beat([0.05], 0.015, 4, 1_000, freedom=2.0)[0], abs=0.045)


def test_chances_average_over_the_gains_that_are_possible() -> None:
    certain = noise(0.001, 1e6)
    assert proof_chances(np.array([[-1.0], [1.0]]), certain, 5) == pytest.approx([0.5], abs=0.001)
    assert proof_chances(np.zeros((3, 4)), certain, 5).max() < 0.05
    again = proof_chances(np.array([[0.001]]), certain, 5)
    assert np.array_equal(again, proof_chances(np.array([[0.001]]), certain, 5))
