"""Mean functions: what each predicts of rows that it has not seen, and how they are weighted by that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codescale.arrays import Array
from codescale.laws.law import Law
from codescale.search.bayesopt.dataset import Dataset, LogScale, points_at_scale
from codescale.search.bayesopt.mean_functions import (
    ConstantMean,
    RefittedLawMean,
    StackedMean,
    constant_mean,
    prior_law_mean,
    refitted_law_mean,
    stacked_mean,
)
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS
from codescale.search.space.points import Points
from tests.search.planted_landscape import LANGUAGES, D, N, effective_data_law, landscape

LARGE, SMALL = LogScale(np.log(N), np.log(D)), LogScale(np.log(N), np.log(D / 30))
LAW = effective_data_law((0.16, 0.2, 0.25, 0.3))


def predicted(data: Dataset) -> Array:
    """(n, 4): log losses that the law predicts."""
    points = data.points
    return LAW.surface().log_losses(points.log_params, points.log_tokens, points.shares)


def measured(count: int, scale: LogScale = LARGE, seed: int = 0) -> Dataset:
    """Mixtures of the planted landscape without noise."""
    shares = np.random.default_rng(seed).dirichlet(np.ones(len(LANGUAGES)), size=count)
    points = points_at_scale(scale, Points(shares, np.empty((count, 0))))
    values = landscape().log_losses(points.log_params, points.log_tokens, shares)
    return Dataset(points, values, np.exp(values).mean(axis=1), np.ones(count))


def test_a_constant_is_the_mean_of_the_largest_scale_and_leaves_each_row_out() -> None:
    large, small = measured(4), measured(3, SMALL)
    mean = constant_mean(small.concatenate(large), 8)
    assert mean.constant == pytest.approx(large.values.mean(axis=0))
    assert mean.cross_validated[:3] == pytest.approx(np.tile(mean.constant, (3, 1)))
    for k in range(4):
        others = np.delete(large.values, k, axis=0)
        assert mean.cross_validated[3 + k] == pytest.approx(others.mean(axis=0))
    assert mean.samples(large.points).shape == (9, 4, len(LANGUAGES))


def test_a_prior_law_predicts_what_the_law_does_whatever_the_order_of_domains() -> None:
    targets = [{name: 1.0} for name in LANGUAGES]
    data = measured(5)
    mean = prior_law_mean(LAW, LANGUAGES, targets, data, 0, 8)
    assert mean is not None
    assert mean.cross_validated == pytest.approx(predicted(data), abs=1e-9)
    order = [2, 0, 3, 1]
    turned = replace(data, points=points_at_scale(LARGE, Points(data.points.shares[:, order], data.points.hyper)))
    elsewhere = prior_law_mean(LAW, tuple(LANGUAGES[k] for k in order), targets, turned, 0, 8)
    assert elsewhere is not None
    assert elsewhere.cross_validated == pytest.approx(predicted(data), abs=1e-9)


def test_a_prior_law_of_one_target_is_the_logarithm_of_the_weighted_mean() -> None:
    data = measured(5)
    mean = prior_law_mean(LAW, LANGUAGES, [{"python": 3.0, "go": 1.0}], data, 0, 8)
    assert mean is not None
    losses = np.exp(predicted(data))
    assert np.exp(mean.cross_validated[:, 0]) == pytest.approx(0.75 * losses[:, 0] + 0.25 * losses[:, 3])


def test_a_law_that_lacks_a_domain_or_a_target_is_no_mean() -> None:
    data = measured(5)
    assert prior_law_mean(LAW, LANGUAGES[:3], [{"python": 1.0}], data, 0, 8) is None
    assert prior_law_mean(LAW, LANGUAGES, [{"cobol": 1.0}], data, 0, 8) is None


def test_a_refitted_law_foresees_rows_that_its_folds_have_not_seen() -> None:
    data = measured(24)
    mean = refitted_law_mean("additive", data, LANGUAGES, LANGUAGES, 0, DEFAULT_SETTINGS)
    assert isinstance(mean, RefittedLawMean)
    constant = constant_mean(data, 8)
    assert (
        np.abs(mean.cross_validated - data.values).mean() < 0.3 * np.abs(constant.cross_validated - data.values).mean()
    )
    samples = mean.samples(data.points)
    assert samples.shape == (1 + DEFAULT_SETTINGS.law_samples, 24, len(LANGUAGES))
    for k in (0, 3):
        assert samples[k] == pytest.approx(mean.values(data.points, k))
    assert refitted_law_mean("additive", measured(5), LANGUAGES, LANGUAGES, 0, DEFAULT_SETTINGS) is None


def predicting(data: Dataset, predicted: Array, name: str) -> ConstantMean:
    return ConstantMean(data.values.mean(axis=0), predicted, 8, name)


def test_the_mean_that_foresees_unseen_rows_gets_the_weight_and_what_foresees_nothing_gets_none() -> None:
    data, generator = measured(30), np.random.default_rng(1)
    noise = generator.standard_normal(data.values.shape)
    good = predicting(data, data.values + 0.01 * noise, "good")
    useless = predicting(data, data.values + 0.5 * noise[::-1], "useless")
    stacked = stacked_mean([useless, good], data, DEFAULT_SETTINGS)
    assert stacked.weights.sum() == pytest.approx(1.0)
    assert dict(zip([one.name for one in stacked.members], stacked.weights, strict=True))["good"] > 0.95
    assert stacked.cross_validated == pytest.approx(sum(w * m.cross_validated for m, w in stacked._weighted()))


def test_of_very_few_rows_the_last_mean_stands_alone() -> None:
    data = measured(2)
    first, last = (predicting(data, data.values, name) for name in ("first", "last"))
    assert stacked_mean([first, last], data, DEFAULT_SETTINGS).members == (last,)


def with_samples(*factors: float) -> Law:
    """The law with a bootstrap: all its parameters times each factor."""
    samples = {
        name: {key: [value * factor for factor in factors] for key, value in LAW.parameters[name].items()}
        for name in LANGUAGES
    }
    return Law.model_validate(LAW.model_dump() | {"bootstrap": samples})


def test_a_prior_laws_own_prediction_comes_first_and_its_samples_after_it_in_turn() -> None:
    """Two samples of the bootstrap serve four."""
    law, data = with_samples(1.01, 0.98), measured(5)
    mean = prior_law_mean(law, LANGUAGES, [{name: 1.0} for name in LANGUAGES], data, 0, 4)
    assert mean is not None
    assert mean.cross_validated == pytest.approx(predicted(data), abs=1e-9)
    points = data.points
    samples = [law.surface(k).log_losses(points.log_params, points.log_tokens, points.shares) for k in range(2)]
    found = mean.samples(points)
    assert len(found) == 5
    assert found[0] == pytest.approx(predicted(data), abs=1e-9)
    assert sorted(float(one.sum()) for one in found[1:3]) == pytest.approx(sorted(float(one.sum()) for one in samples))
    assert found[3] == pytest.approx(found[0])
    assert found[4] == pytest.approx(found[1])


def test_of_more_samples_than_asked_for_some_are_drawn_by_the_seed() -> None:
    law = with_samples(1.0, 1.01, 1.02, 1.03, 1.04, 1.05)
    data, targets = measured(5), [{name: 1.0} for name in LANGUAGES]
    found = [prior_law_mean(law, LANGUAGES, targets, data, seed, 2) for seed in (0, 0, 1)]
    levels = [[float(one.values(data.points, k).sum()) for k in range(3)] for one in found if one is not None]
    assert all(len(one.surfaces) == 3 for one in found if one is not None)
    assert levels[0] == levels[1]
    assert levels[0] != levels[2]


def test_a_stacked_mean_is_the_weighted_sum_of_its_members_everywhere() -> None:
    data = measured(4)
    members = (ConstantMean(np.full(4, 1.0), np.full((4, 4), 0.5), 8, "one"), constant_mean(data, 8))
    stacked = StackedMean(members, np.array([0.25, 0.75]))
    assert stacked.name == "one 0.25, level 0.75"
    expected = 0.25 + 0.75 * members[1].constant
    assert stacked.values(data.points, 3) == pytest.approx(np.tile(expected, (4, 1)))
    assert stacked.samples(data.points) == pytest.approx(np.tile(expected, (9, 4, 1)))
    assert stacked.cross_validated == pytest.approx(0.125 + 0.75 * members[1].cross_validated)
