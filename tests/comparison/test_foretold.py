"""The difference that a law foretold against the one that was measured."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from codescale.artifact import Interval
from codescale.comparison.compare import _foretold
from codescale.comparison.foretold import foretold, predicted_difference
from codescale.comparison.plan import PREDICTED
from codescale.comparison.plan import UNIFORM as UNIFORM_ROLE
from codescale.comparison.result import ComparedMixture, JudgedSplit, PairedDifference
from codescale.comparison.statistics import paired_difference, summary
from codescale.mixtures.mixture import Mixture
from codescale.study.comparison import Scale
from codescale.study.config import StudyConfig
from tests.allocation.made_law import LANGUAGES, made_law

FOUND = Mixture(dict(zip(LANGUAGES, (0.4, 0.3, 0.1, 0.1, 0.1), strict=True)))
UNIFORM = Mixture.uniform(LANGUAGES)
WEIGHTS = {"python": 2.0, "java": 1.0}


def test_the_predicted_difference_is_of_the_weighted_losses_with_the_spread_of_the_samples() -> None:
    law = made_law("effective-data", samples=40)
    found = predicted_difference(law, 1e6, 1e8, FOUND, UNIFORM, WEIGHTS)

    def objective(sample: int | None, mixture: Mixture) -> float:
        at = (np.log([1e6]), np.log([1e8]), mixture.array(law.domains)[None])
        losses = np.exp(law.surface(sample).log_losses(*at))[0]
        return float((2 * losses[0] + losses[1]) / 3)

    differences = [objective(k, FOUND) - objective(k, UNIFORM) for k in range(40)]
    assert found.value == pytest.approx(objective(None, FOUND) - objective(None, UNIFORM))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(differences, [0.05, 0.95])))
    assert predicted_difference(law, 1e6, 1e8, UNIFORM, UNIFORM, WEIGHTS) == Interval(value=0.0, low=0.0, high=0.0)


def test_without_samples_there_is_no_interval_and_nothing_is_said() -> None:
    found = predicted_difference(made_law("effective-data", samples=0), 1e6, 1e8, FOUND, UNIFORM)
    assert found.low is found.high is None
    assert foretold(found, PairedDifference(mean=found.value, low=-1.0, high=1.0)).inside is None


@pytest.mark.parametrize(
    ("mean", "half", "inside"),
    [
        (-0.02, 0.001, True),
        (-0.0101, 0.001, True),  # the law's upper end
        (-0.0001, 0.001, False),  # no difference, where one was foretold
        (-0.0001, 0.02, True),  # the same, measured too coarsely to tell
        (-0.041, 0.001, True),  # its lower end, which is further off
        (-0.045, 0.001, False),
    ],
)
def test_a_measured_difference_lies_inside_as_far_as_both_intervals_allow(
    mean: float, half: float, inside: bool
) -> None:
    predicted = Interval(value=-0.02, low=-0.042, high=-0.01)
    measured = PairedDifference(mean=mean, low=mean - half, high=mean + half)
    assert foretold(predicted, measured).inside is inside


def test_the_comparison_holds_the_law_to_differences_on_the_validation_split() -> None:
    """The test split, by which the mixtures are judged, says otherwise here and does not count."""
    law = made_law("effective-data", samples=20)
    config = cast(
        "StudyConfig",
        SimpleNamespace(sizes={"s": SimpleNamespace(n_params=1_000_000)}, weights=lambda: WEIGHTS),
    )
    scale = cast("Scale", SimpleNamespace(size="s", tokens=100_000_000))
    values = {UNIFORM_ROLE: (2.0, 2.1, 2.2), PREDICTED: (1.9, 2.01, 2.09)}
    mixtures = {
        role: ComparedMixture(
            proportions=dict(mixture),
            validation=JudgedSplit(objective=summary(values[role])),
            measured=JudgedSplit(objective=summary([9.0, 8.0, 7.0])),
        )
        for role, mixture in ((UNIFORM_ROLE, UNIFORM), (PREDICTED, FOUND))
    }
    found = _foretold(config, scale, law, mixtures)
    assert set(found) == {PREDICTED}
    assert found[PREDICTED].predicted == predicted_difference(law, 1e6, 1e8, FOUND, UNIFORM, WEIGHTS)
    assert found[PREDICTED].measured == paired_difference(values[PREDICTED], values[UNIFORM_ROLE])


def test_one_seed_cannot_tell() -> None:
    one = paired_difference([1.0], [1.1])
    assert math.isnan(one.low or math.nan)
    assert foretold(Interval(value=-0.1, low=-0.2, high=0.0), one).inside is None
