"""The noise of a difference: from mixtures that share their seeds, from seeds alone, and from like studies."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.comparison.power.noise import LIKE_STUDIES, measured_noise, noise_of_like_studies
from codescale.runs.records import RunRecord
from codescale.search.objective.objective import Objective
from tests.search.synthetic_trials import LANGUAGES, TOKENS, swept_record

N_PARAMS = 2608
OBJECTIVE = Objective.of(dict.fromkeys(LANGUAGES, 1.0), TOKENS)
UNIFORM = dict.fromkeys(LANGUAGES, 1 / 3)


def replicated(seeds: int, mixtures: int, of_seed: float, own: float) -> list[RunRecord]:
    """Runs whose luck is partly their seed's, whatever the mixture."""
    generator = np.random.default_rng(0)
    shared = of_seed * generator.standard_normal(seeds)
    return [
        swept_record(f"m{m}-s{s}", _mixture(m, mixtures), s, float(shared[s] + own * generator.standard_normal()))
        for m in range(mixtures)
        for s in range(seeds)
    ]


def _mixture(number: int, count: int) -> dict[str, float]:
    share = 0.2 + 0.5 * number / count
    return {"python": share, "java": (1 - share) / 2, "rust": (1 - share) / 2}


def test_mixtures_that_share_their_seeds_tell_what_pairs_gain() -> None:
    found = measured_noise(replicated(6, 12, of_seed=0.03, own=0.01), OBJECTIVE, N_PARAMS)
    assert found is not None
    assert found.freedom == 5 * 11
    assert found.deviation == pytest.approx(2**0.5 * 0.01, rel=0.2)
    assert found.between_seeds == pytest.approx(np.hypot(0.03, 0.01), rel=0.5)
    assert found.correlation is not None
    assert found.correlation == pytest.approx(1 - found.deviation**2 / 2 / found.between_seeds**2)
    assert 0.5 < found.correlation < 1.0
    assert found.measured


def test_replicates_of_one_mixture_count_on_no_gain_by_pairs() -> None:
    records = [swept_record(f"u{k}", UNIFORM, k, shift) for k, shift in enumerate((0.0, 0.02, 0.04))]
    found = measured_noise(records, OBJECTIVE, N_PARAMS)
    assert found is not None
    assert found.correlation is None
    assert (found.freedom, found.deviation) == (2, pytest.approx(2**0.5 * 0.02))


def test_mixtures_that_lack_a_language_do_not_tell_of_pairs() -> None:
    two = [
        swept_record(f"{m}-{s}", {"python": m, "java": 1 - m}, s, shift)
        for m in (0.2, 0.4, 0.6, 0.8)
        for s, shift in enumerate((0.0, 0.1, 0.3))
    ]
    found = measured_noise(two, OBJECTIVE, N_PARAMS)
    assert found is not None
    assert found.correlation is None


def test_without_replicates_or_at_another_size_nothing_is_measured() -> None:
    records = [swept_record(f"u{k}", UNIFORM, k, 0.01 * k) for k in range(3)]
    assert measured_noise(records[:1], OBJECTIVE, N_PARAMS) is None
    assert measured_noise(records, OBJECTIVE, 9) is None
    proof = [one.model_copy(update={"spec": one.spec.model_copy(update={"stage": "comparison"})}) for one in records]
    assert measured_noise(proof, OBJECTIVE, N_PARAMS) is None


def test_like_studies_are_pooled_and_named() -> None:
    found = noise_of_like_studies()
    assert min(one.difference for one in LIKE_STUDIES) <= found.deviation <= max(one.difference for one in LIKE_STUDIES)
    assert not found.measured
    assert all(one.where in found.source for one in LIKE_STUDIES)
