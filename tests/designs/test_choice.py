"""Choices among given candidates: far from each other, or telling most."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from codescale.designs import model_error
from codescale.designs.choice import Candidates, LawToFit, at_scales, optimal_choice, spread_choice
from codescale.designs.information import Criterion, Posterior
from codescale.designs.model_error import DEVIATION, error_features
from codescale.laws.forms.effective_data import EffectiveData

LANGUAGES = ("a", "b", "c", "d")
LAW = LawToFit(EffectiveData(), LANGUAGES, LANGUAGES, np.full(4, 0.25))


def mixtures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(4), count)


def test_spread_points_are_farther_apart_than_drawn_ones() -> None:
    shares = mixtures(200)
    found = spread_choice(shares, 12)
    assert len(set(found.tolist())) == 12
    drawn = [pdist(shares[np.random.default_rng(k).permutation(200)[:12]]).min() for k in range(50)]
    assert pdist(shares[found]).min() > max(drawn)
    assert len(spread_choice(shares[:5], 12)) == 5


def test_an_optimal_choice_predicts_better_than_drawn_ones() -> None:
    candidates = at_scales(mixtures(150), [(1e6, 1e8)])
    found = optimal_choice(LAW, candidates, candidates, 10)
    tangents = LAW.form.tangents(candidates.observations(LANGUAGES, LANGUAGES))
    criterion = Criterion.over(tangents, LAW.weights)

    def left(index: np.ndarray) -> float:
        return criterion.value(Posterior.given(tangents[:, index]))

    drawn = [left(np.random.default_rng(k).permutation(150)[:10]) for k in range(50)]
    assert left(found) < np.quantile(drawn, 0.1)


def test_who_does_not_trust_the_form_takes_fewer_extremes(monkeypatch: pytest.MonkeyPatch) -> None:
    corners = np.vstack([np.eye(4), mixtures(200)])
    candidates, asked = at_scales(corners, [(1e6, 1e8)]), at_scales(mixtures(100, 1), [(1e6, 1e8)])
    monkeypatch.setattr(model_error, "DEVIATION", 0.05)
    careful = optimal_choice(LAW, candidates, asked, 16)
    monkeypatch.setattr(model_error, "DEVIATION", 1e-9)
    trusting = optimal_choice(LAW, candidates, asked, 16)
    extreme = [float(corners[found].max(axis=1).mean()) for found in (careful, trusting)]
    assert extreme[0] < extreme[1] - 0.05


def test_the_error_of_a_form_is_alike_where_mixtures_are() -> None:
    shares = np.vstack([mixtures(30), mixtures(1) + 1e-6])
    features = error_features(shares, noise=0.005)
    covariance = features @ features.T * 0.005**2
    assert np.sqrt(np.diag(covariance)) == pytest.approx(np.full(31, DEVIATION), rel=0.02)
    assert covariance[0, 30] == pytest.approx(DEVIATION**2, rel=1e-3)
    assert covariance.min() > 0


def test_two_runs_of_one_mixture_are_not_both_chosen_where_others_tell_more() -> None:
    shares = np.vstack([mixtures(20), mixtures(20)])
    candidates = Candidates(np.full(40, 1e6), np.full(40, 1e8), shares)
    found = optimal_choice(LAW, candidates, candidates, 8)
    assert len(np.unique(np.round(shares[found], 9), axis=0)) == 8
