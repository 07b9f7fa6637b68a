"""How large a gain the proof tells: its paired t tests over seeds, one-sided at 5 %, with Holm's correction."""

from __future__ import annotations

import numpy as np
from scipy.special import nctdtr, nctdtrinc, stdtr, stdtrit

from codescale.arrays import Array
from codescale.comparison.power.noise import DifferenceNoise
from codescale.comparison.statistics import ERROR, holm_adjusted

POWER = 0.8
"""A gain counts as resolved where four of five proofs tell it."""
MOST_SEEDS = 1_000

_NUMBERS = 4_000_000
"""Of one simulation at most, which keeps it within a second."""
_MOST_PROOFS, _FEWEST_PROOFS = 4_000, 500


def detection_chance(gain: float, deviation: float, seeds: int, tests: int = 1) -> float:
    """The chance that one of ``tests`` baselines is said to be beaten.

    That of Student's noncentral t at the level that Holm's correction leaves the last of them; it never leaves less.

    Parameters
    ----------
    gain
        The true one (nats per token).
    deviation
        Of the difference between two runs with one seed (nats per token).
    seeds
        Pairs of runs.
    tests
        Baselines that are distinct mixtures.
    """
    if seeds < 2 or deviation <= 0:
        return float(seeds >= 2 and gain > 0)
    return float(1.0 - nctdtr(seeds - 1, gain * np.sqrt(seeds) / deviation, _critical(seeds, tests)))


def resolvable_gain(deviation: float, seeds: int, tests: int = 1) -> float:
    """The smallest gain that is told with a chance of 80 %, infinite for one seed; parameters as
    :func:`detection_chance`.
    """
    if seeds < 2:
        return float("inf")
    return float(nctdtrinc(seeds - 1, 1.0 - POWER, _critical(seeds, tests)) * deviation / np.sqrt(seeds))


def seeds_needed(deviation: float, gain: float, tests: int = 1, most: int = MOST_SEEDS) -> int | None:
    """The fewest seeds that resolve ``gain``; None where ``most`` do not. Parameters as :func:`detection_chance`."""
    if most < 2 or resolvable_gain(deviation, most, tests) > gain:
        return None
    low, high = 1, most  # low never resolves it, high does
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if resolvable_gain(deviation, middle, tests) <= gain else (middle, high)
    return high


def _critical(seeds: int, tests: int) -> float:
    return float(stdtrit(seeds - 1, 1.0 - ERROR / tests))


def proof_chances(gains: Array, noise: DifferenceNoise, seeds: int, seed: int = 0) -> Array:
    """(baselines,): the chance that the proof says of the search's choice that it beats each baseline.

    Proofs are simulated: a gain that the law holds possible, a noise that the replicates leave possible, runs, and the
    tests that the proof makes of them. So the chance is an average over what is not known (Spiegelhalter and Freedman's
    assurance), and not that of one guess.

    Parameters
    ----------
    gains
        (samples, baselines) that the law holds possible (nats per token), of baselines that are distinct mixtures.
    noise
        Of a difference between two runs with one seed.
    seeds
        Pairs of runs, 2 or more.
    seed
        Of the simulation: the same answer at every call.

    References
    ----------
    Spiegelhalter and Freedman 1986, "A predictive approach to selecting the size of a clinical trial, based on
    subjective clinical opinion", Statistics in Medicine 5.
    """
    baselines = gains.shape[1]
    proofs = int(np.clip(_NUMBERS // (seeds * (baselines + 1)), _FEWEST_PROOFS, _MOST_PROOFS))
    generator = np.random.default_rng((seed, seeds))
    true = gains[np.arange(proofs) % len(gains)]
    deviations = noise.deviation * np.sqrt(noise.freedom / generator.chisquare(noise.freedom, (proofs, 1, 1)))
    # Half of a difference's variance is of the one run, half of the other; the choice's run is in all differences.
    luck = generator.standard_normal((proofs, seeds, baselines + 1)) * deviations / np.sqrt(2.0)
    differences = luck[:, :, 1:] - luck[:, :, :1] + true[:, None, :]
    error = np.maximum(differences.std(axis=1, ddof=1), 1e-300) / np.sqrt(seeds)
    return np.asarray((holm_adjusted(stdtr(seeds - 1, -differences.mean(axis=1) / error)) < ERROR).mean(axis=0))
