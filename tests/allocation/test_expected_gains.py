"""What the best mixture is expected to gain: what ``optimize`` tells, with all that the law holds possible."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.allocation.expected_gains import expected_gains
from codescale.allocation.optimize import optimize_mixture
from codescale.mixtures.mixture import Mixture
from tests.allocation.made_law import LANGUAGES, made_law

OURS = Mixture({"go": 0.9, "python": 0.1})
OTHERS = {"uniform": Mixture.uniform(LANGUAGES), "ours": OURS}


def test_it_is_what_optimize_tells_of_its_baselines() -> None:
    law, weights = made_law(samples=20), {"python": 2.0, "go": 1.0}
    found = expected_gains(law, 1e6, 1e8, OTHERS, weights, {"rust": 0.1})
    told = optimize_mixture(law, 1e6, 1e8, weights, {"rust": 0.1}, baselines={"ours": OURS})
    assert found.names == ("uniform", "ours")
    assert found.draws.shape == (20, 2)
    assert found.mixture.array(LANGUAGES) == pytest.approx(told.mixture.array(LANGUAGES), abs=1e-6)
    assert (
        pytest.approx(np.array([told.improvement, told.gains["ours"].interval]), abs=1e-7)
        == np.quantile(found.draws, [0.05, 0.95], axis=0).T
    )


def test_a_law_without_samples_has_its_own_word_alone() -> None:
    law = made_law(samples=0)
    found = expected_gains(law, 1e6, 1e8, OTHERS, {"go": 1.0})
    told = optimize_mixture(law, 1e6, 1e8, {"go": 1.0}, baselines={"ours": OURS})
    assert not found.sampled
    assert found.draws[0, 1] == pytest.approx(told.gains["ours"].gain, abs=1e-7)
