"""The test text's part of the noise: as planted, and what more text makes of it."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.comparison.documents.layout import DocumentLayout
from codescale.comparison.documents.text_noise import ProofNoise, proof_noise
from tests.comparison.documents.planted import Effects, layout

WEIGHTS = {"python": 0.5, "java": 0.5}


def noise(effects: Effects, documents: int, seeds: int = 8) -> ProofNoise:
    made = layout(effects, 8, seeds, {"python": documents, "java": documents}, np.random.default_rng(0))
    found = proof_noise(made, WEIGHTS)
    assert found
    return found


def test_seeds_and_text_are_told_apart() -> None:
    of_seeds = noise(Effects(0.1, 0.3, 0.001), 50)
    assert of_seeds.objective.share < 0.01
    assert of_seeds.objective.variance == pytest.approx(2 * 0.1**2, rel=0.3)
    assert of_seeds.objective.freedom == 7 * 7
    of_text = noise(Effects(0.0, 0.3, 0.5), 50)
    assert of_text.objective.share > 0.75
    assert all(one.share > 0.75 for one in of_text.languages.values())


def test_more_text_lowers_what_is_the_texts_and_nothing_else() -> None:
    few, many = (noise(Effects(0.05, 0.3, 0.5), count) for count in (40, 400))
    rest = [one.objective.variance - one.objective.text for one in (few, many)]
    assert many.objective.text == pytest.approx(few.objective.text / 10, rel=0.3)
    assert rest[1] == pytest.approx(2 * 0.05**2, rel=0.35)
    assert many.objective.variance == pytest.approx(rest[0] + few.objective.text / 10, rel=0.5)


def test_what_all_mixtures_share_is_no_noise_of_a_difference() -> None:
    found = noise(Effects(0.01, 0.0, 0.01), 50)
    assert found.objective.single > 0.1
    assert found.objective.variance < 0.001


def test_one_mixture_one_seed_or_one_document_tells_nothing() -> None:
    for mixtures, seeds, documents in ((1, 3, 5), (3, 1, 5), (3, 3, 1)):
        made = layout(Effects(0.1, 0.1, 0.1), mixtures, seeds, {"python": documents}, np.random.default_rng(0))
        assert proof_noise(made, {"python": 1.0}) is None
    made = layout(Effects(0.1, 0.1, 0.1), 3, 3, {"python": 5, "java": 1}, np.random.default_rng(0))
    found = proof_noise(made, {"python": 1.0})
    assert found
    assert list(found.languages) == ["python"], "a language of no weight is left out"
    assert proof_noise(DocumentLayout((), {}), {}) is None
