"""What a process adds to a law: its mean and its draws are those of the posterior, whether rows share luck or not."""

from __future__ import annotations

import numpy as np
import pytest

from codescale.arrays import Array
from codescale.laws.gp.gaussian_process import GaussianProcess, TargetProcess
from codescale.laws.gp.kernel import Hyperparameters, covariance, kernel_inputs
from codescale.laws.gp.law_correction import KnownPart, held_out_corrections, sampled_correction
from tests.laws.gp.oracle import Oracle

ROWS = 24
GENERATOR = np.random.default_rng(0)
LOG_PARAMS, LOG_TOKENS = GENERATOR.uniform(11, 13, ROWS), GENERATOR.uniform(12, 14, ROWS)
SHARES = GENERATOR.dirichlet(np.ones(3), ROWS)
RESIDUALS = 0.05 * GENERATOR.standard_normal(ROWS)
WEIGHTS = GENERATOR.uniform(0.3, 1.0, ROWS)
TRUNKS = np.arange(ROWS) // 4
RELEVANCE, AMPLITUDE, NOISE, LUCK = np.array([0.4, 0.5, 1.0, 1.5, 0.8]), 0.1, 0.05, 0.08
BETWEEN = kernel_inputs(GENERATOR.uniform(11, 14, 6), GENERATOR.uniform(12, 15, 6), GENERATOR.dirichlet(np.ones(3), 6))
ASKED = np.vstack([BETWEEN, kernel_inputs(LOG_PARAMS, LOG_TOKENS, SHARES)[:8]])
"""Six points between and beyond the rows, and eight of the rows."""
FAR = ASKED + np.array([60.0, 0.0, 0.0, 0.0, 0.0])


def target(luck: float = 0.0) -> TargetProcess:
    return TargetProcess(
        rows=list(range(ROWS)),
        residuals=RESIDUALS.tolist(),
        weights=WEIGHTS.tolist(),
        relevance=RELEVANCE.tolist(),
        amplitude=AMPLITUDE,
        noise=NOISE,
        luck=luck,
    )


def process(luck: float = 0.0) -> GaussianProcess:
    return GaussianProcess(
        log_params=LOG_PARAMS.tolist(),
        log_tokens=LOG_TOKENS.tolist(),
        shares=SHARES.tolist(),
        targets={"a": target(luck)},
        trunks=TRUNKS.tolist(),
    )


def by_scikit_learn(at: Array) -> tuple[Array, Array]:
    """Mean (points,) and covariance (points, points) where each row has its own noise."""
    hyperparameters = Hyperparameters(RELEVANCE, AMPLITUDE, NOISE)
    return Oracle(hyperparameters, process().inputs, RESIDUALS, NOISE**2 / WEIGHTS).mean_and_covariance(at)


def by_dense_algebra(at: Array) -> tuple[Array, Array]:
    """The same where the rows of a trunk share luck."""
    rows = process().inputs
    known = AMPLITUDE**2 * covariance(RELEVANCE, rows, rows) + np.diag(NOISE**2 / WEIGHTS)
    known += LUCK**2 * (TRUNKS[:, None] == TRUNKS)
    cross = AMPLITUDE**2 * covariance(RELEVANCE, at, rows)
    inverse = np.linalg.inv(known)
    return cross @ inverse @ RESIDUALS, AMPLITUDE**2 * covariance(RELEVANCE, at, at) - cross @ inverse @ cross.T


@pytest.mark.parametrize(("luck", "posterior"), [(0.0, by_scikit_learn), (LUCK, by_dense_algebra)])
def test_the_mean_and_variance_are_those_of_the_posterior(luck: float, posterior: object) -> None:
    """In single precision, as the noise allows."""
    expected, matrix = posterior(ASKED)  # type: ignore[operator]
    every = np.ones(ROWS, dtype=bool)
    asked, far = (KnownPart(RESIDUALS, every, points) for points in (ASKED, FAR))
    (mean, variance), (_, unknown) = held_out_corrections(process(luck), target(luck), [asked, far])
    assert mean == pytest.approx(expected, abs=1e-6)
    assert variance == pytest.approx(np.diag(matrix), abs=1e-7)
    assert unknown == pytest.approx(AMPLITUDE**2)
    assert np.abs(mean).max() > 0.1 * AMPLITUDE


@pytest.mark.parametrize("luck", [0.0, LUCK])
def test_of_a_hold_out_only_its_training_rows_are_known(luck: float) -> None:
    """As a process that never had the others, whatever their residuals; its rows' weights and trunks are its own."""
    known = np.arange(ROWS) % 3 > 0
    residuals = np.where(known, RESIDUALS, 9.0)
    found = held_out_corrections(process(luck), target(luck), [KnownPart(residuals, known, ASKED)])[0]
    kept = target(luck).on(known)
    alone = held_out_corrections(process(luck), kept, [KnownPart(RESIDUALS[known], known[known], ASKED)])[0]
    for one, other in zip(found, alone, strict=True):
        assert one == pytest.approx(other, abs=1e-7)
    whole = held_out_corrections(process(luck), target(luck), [KnownPart(RESIDUALS, known | True, ASKED)])[0]
    assert np.abs(whole[0] - found[0]).max() > 0.01


def test_where_noise_is_small_it_reckons_in_double_precision() -> None:
    quiet = target().model_copy(update={"noise": 1e-3 * AMPLITUDE})
    hyperparameters = Hyperparameters(RELEVANCE, AMPLITUDE, quiet.noise)
    oracle = Oracle(hyperparameters, process().inputs, RESIDUALS, quiet.noise**2 / WEIGHTS)
    mean, matrix = oracle.mean_and_covariance(ASKED)
    found = held_out_corrections(process(), quiet, [KnownPart(RESIDUALS, np.ones(ROWS, dtype=bool), ASKED)])[0]
    assert found[0] == pytest.approx(mean, abs=1e-9)
    assert found[1] == pytest.approx(np.diag(matrix), abs=1e-10)


@pytest.mark.parametrize(("luck", "posterior"), [(0.0, by_scikit_learn), (LUCK, by_dense_algebra)])
def test_draws_have_the_mean_and_covariance_of_the_posterior(luck: float, posterior: object) -> None:
    """2,000 draws, a hundred for each draw of frequencies: within 4.5 errors, those of the frequencies among them."""
    mean, matrix = posterior(ASKED)  # type: ignore[operator]
    parts = []
    for seed in range(20):
        columns = np.tile(RESIDUALS[:, None], (1, 101))
        drawn = sampled_correction(process(luck), target(luck), columns, np.random.default_rng(seed)).correction(ASKED)
        assert drawn[:, 0] == pytest.approx(mean, abs=1e-9), "the first is the mean"
        parts.append(drawn[:, 1:])
    draws = np.hstack(parts)
    variance = np.diag(matrix)
    assert (np.abs(draws.mean(axis=1) - mean) < 4.5 * np.sqrt(variance / 2000)).all()
    error = np.sqrt((np.outer(variance, variance) + matrix**2) / 2000) + AMPLITUDE**2 * np.sqrt(0.5 / (256 * 20))
    assert (np.abs(np.cov(draws) - matrix) < 4.5 * error).all()


def test_luck_that_a_trunk_shares_is_drawn_once_for_its_rows() -> None:
    """Where rows share luck, draws at a trunk vary more than where each row errs on its own."""
    columns = np.tile(RESIDUALS[:, None], (1, 401))
    at = process().inputs[:4]
    spreads = [
        sampled_correction(process(luck), target(luck), columns, np.random.default_rng(0)).correction(at)[:, 1:].std(1)
        for luck in (0.0, LUCK)
    ]
    assert (spreads[1] > 1.25 * spreads[0]).all()


def test_one_sample_is_its_column_and_its_slopes_are_derivatives() -> None:
    columns = RESIDUALS[:, None] + 0.01 * np.random.default_rng(1).standard_normal((ROWS, 4))
    whole = sampled_correction(process(LUCK), target(LUCK), columns, np.random.default_rng(2))
    shares = np.array([0.2, 0.5, 0.3])
    for column in range(4):
        one = whole.of_sample(column)
        assert one.correction(ASKED)[:, 0] == pytest.approx(whole.correction(ASKED)[:, column], abs=1e-12)

        def value(at: Array, one: object = one) -> float:
            point = kernel_inputs(np.array([12.0]), np.array([13.0]), at[None])
            return float(one.correction(point)[0, 0])  # type: ignore[attr-defined]

        found, slopes = one.correction_and_slopes(12.0, 13.0, shares)
        assert found == pytest.approx(value(shares), abs=1e-12)
        for k, step in enumerate(1e-6 * np.eye(3)):
            assert slopes[k] == pytest.approx((value(shares + step) - value(shares - step)) / 2e-6, rel=1e-5, abs=1e-7)


def test_what_a_trunk_owes_to_luck_is_not_known_better_by_more_of_its_rows() -> None:
    """One trunk at one mixture, its rows a little apart in D: with luck its variance stays that of one row."""

    def variance(rows: int, luck: float) -> float:
        own = GaussianProcess(
            log_params=[12.0] * rows,
            log_tokens=np.linspace(12.99, 13.01, rows).tolist(),
            shares=[[0.2, 0.5, 0.3]] * rows,
            targets={},
            trunks=[0] * rows,
        )
        one = target(luck).model_copy(
            update={"rows": list(range(rows)), "residuals": [0.0] * rows, "weights": [1.0] * rows}
        )
        at = kernel_inputs(np.array([12.0]), np.array([13.0]), np.array([[0.2, 0.5, 0.3]]))
        known = KnownPart(np.zeros(rows), np.ones(rows, dtype=bool), at)
        return float(held_out_corrections(own, one, [known])[0][1][0])

    least = AMPLITUDE**2 * LUCK**2 / (AMPLITUDE**2 + LUCK**2)
    for rows in (4, 16, 64):
        assert variance(rows, LUCK) == pytest.approx(least, rel=0.12)
        assert variance(rows, LUCK) > least
        assert variance(rows, 0.0) == pytest.approx(NOISE**2 / rows, rel=0.1)
