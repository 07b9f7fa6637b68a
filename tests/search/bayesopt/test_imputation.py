"""Imputed ends of pruned trials: exact on lines, shrunk and noisier where little is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import FrozenTrial, TrialState, create_trial

from codescale.arrays import Array
from codescale.search.bayesopt.imputation import impute_final_losses, impute_pruned_trials
from codescale.search.bayesopt.settings import DEFAULT_SETTINGS


@settings(max_examples=50, deadline=None)
@given(slope=st.floats(0.3, 1.5), level=st.floats(-1, 1), seed=st.integers(0, 1000))
def test_lines_without_noise_are_found(slope: float, level: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    seen, now = 2 + generator.random((40, 3)), 2 + generator.random((5, 3))
    ends, noise_scale = impute_final_losses(now, seen, level + slope * seen, DEFAULT_SETTINGS)
    # Without noise 40 rows weigh 40 / 4 (1 - slope)^2 times as much as the prior, which pulls the slope towards 1
    # and turns the line about the rows' middle.
    bound = np.abs(now - seen.mean(axis=0)) * abs(1 - slope) * 4 * (1 - slope) ** 2 / len(seen)
    assert (np.abs(ends - (level + slope * now)) <= bound + 1e-9).all()
    assert (noise_scale >= 2.0).all()


def test_the_losses_of_a_power_law_lie_on_such_lines() -> None:
    """L = E + B (s D)^-beta at a quarter of D and at D, whatever s."""
    worth = np.geomspace(0.05, 1.0, 12)
    at = lambda n_tokens: (1.2 + 400.0 * (worth * n_tokens) ** -0.3)[:, None]  # noqa: E731
    ends, _ = impute_final_losses(at(5e8)[:4], at(5e8)[4:], at(2e9)[4:], DEFAULT_SETTINGS)
    assert ends == pytest.approx(at(2e9)[:4], rel=0.01)


def test_what_lies_far_from_what_was_seen_is_noisier() -> None:
    generator = np.random.default_rng(0)
    seen = 2 + 0.1 * generator.random((6, 1))
    ends = 0.7 * seen + 0.01 * generator.standard_normal((6, 1))
    _, noise_scale = impute_final_losses(np.array([[2.05], [2.5], [4.0]]), seen, ends, DEFAULT_SETTINGS)
    assert noise_scale[0] < 3.5 < noise_scale[1] < noise_scale[2] <= 100.0


def test_few_trials_without_spread_end_as_much_lower_as_the_others() -> None:
    ends, _ = impute_final_losses(np.array([[2.3]]), np.full((3, 1), 2.0), np.full((3, 1), 1.8), DEFAULT_SETTINGS)
    assert ends == pytest.approx(np.array([[2.1]]))


def planted_trial(
    worth: float, level: float, ended: bool, noise: float = 0.0, steps: tuple[int, ...] = (1, 2)
) -> FrozenTrial:
    """A curve level + 400 (worth D)^-0.3 at D = step x 2.5e8, of which the end is at 1e9; 0.2 lower where it ended."""
    curve = {step: level + 400.0 * (worth * step * 2.5e8) ** -0.3 + noise for step in steps}
    end = level - 0.2 + 400.0 * (worth * 1e9) ** -0.3
    state = TrialState.COMPLETE if ended else TrialState.PRUNED
    return create_trial(value=end if ended else None, state=state, intermediate_values=curve)


def read(trial: FrozenTrial, step: int) -> Array | None:
    value = trial.intermediate_values[step]
    return np.array([value, value])


def finished_trials() -> list[tuple[FrozenTrial, Array]]:
    generator = np.random.default_rng(0)
    trials = [planted_trial(worth, 1.2, True, 0.002 * generator.standard_normal()) for worth in np.geomspace(0.1, 1, 8)]
    return [(trial, np.array([trial.value, trial.value])) for trial in trials]


def test_the_truth_lies_inside_of_what_is_imputed_and_the_noise_grows_with_the_distance() -> None:
    """Curves of worse and worse mixtures, pruned at half of their tokens; finished ones err by 0.002."""
    worths = (0.3, 0.03, 0.003, 0.0003)
    pruned = [planted_trial(worth, 1.2, False) for worth in worths]
    found = impute_pruned_trials(pruned, finished_trials(), read, DEFAULT_SETTINGS)
    truth = [1.0 + 400.0 * (worth * 1e9) ** -0.3 for worth in worths]
    scales = [one.noise_scale for one in found]
    for one, value in zip(found, truth, strict=True):
        assert abs(one.objective - value) < 2 * 0.004 * np.sqrt(one.noise_scale)
        assert one.values.tolist() == [one.objective]
    assert scales == sorted(scales)
    assert scales[0] < 3.0 < scales[-1]


def test_trials_are_imputed_from_those_seen_at_the_same_step_if_there_are_enough() -> None:
    early, late = planted_trial(0.3, 1.2, False, steps=(1,)), planted_trial(0.3, 1.2, False, steps=(1, 2, 3))
    unevaluated = planted_trial(0.3, 1.2, False, steps=())
    finished = finished_trials()
    found = impute_pruned_trials([late, unevaluated, early], finished, read, DEFAULT_SETTINGS)
    assert [one.trial.intermediate_values for one in found] == [early.intermediate_values]  # nobody was seen at step 3
    assert impute_pruned_trials([early], finished[:2], read, DEFAULT_SETTINGS) == []


def test_it_is_the_line_of_a_bayesian_regression_whose_prior_noise_is_what_the_prior_slope_leaves() -> None:
    """Slope ~ N(1, 0.5^2), noise the mean square about the line of slope 1: with scalars, target by target."""
    generator = np.random.default_rng(4)
    seen, now = 2 + generator.random((7, 2)), 2 + generator.random((3, 2))
    final = 0.2 + 0.6 * seen + 0.05 * generator.standard_normal((7, 2))
    ends, noise_scale = impute_final_losses(now, seen, final, DEFAULT_SETTINGS)
    leverages = np.zeros((3, 2))
    for k in range(2):
        x, y = seen[:, k] - seen[:, k].mean(), final[:, k] - final[:, k].mean()
        noise = float(np.mean((y - x) ** 2))
        precision = x @ x / noise + 1 / 0.5**2
        slope = (x @ y / noise + 1.0 / 0.5**2) / precision
        away = now[:, k] - seen[:, k].mean()
        assert ends[:, k] == pytest.approx(final[:, k].mean() + slope * away, rel=1e-12)
        leverages[:, k] = away**2 / precision / noise
    expected = DEFAULT_SETTINGS.imputed_noise * (1 + 1 / 7 + leverages.mean(axis=1))
    assert noise_scale == pytest.approx(expected, rel=1e-12)
    far = impute_final_losses(now + 1e3, seen, final, DEFAULT_SETTINGS)[1]
    assert far.tolist() == [DEFAULT_SETTINGS.most_imputed_noise] * 3


def test_a_pruned_trial_whose_values_nobody_knows_is_left_out() -> None:
    known, unknown = planted_trial(0.3, 1.2, False), planted_trial(0.03, 1.2, False)

    def partly(trial: FrozenTrial, step: int) -> Array | None:
        return None if trial is unknown else read(trial, step)

    found = impute_pruned_trials([known, unknown], finished_trials(), partly, DEFAULT_SETTINGS)
    assert [one.trial for one in found] == [known]
