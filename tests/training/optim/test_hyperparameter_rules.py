"""The rules' published equations, and what a run's hyperparameters change."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from codescale.study.config import StudyConfig
from codescale.training.flops import training_flops
from codescale.training.optim.hyperparameter_rules import LEARNING_RATE_FACTOR, deepseek, step_law, training_of
from tests.training.loop.short_runs import spec


def test_the_step_law_is_that_of_the_paper() -> None:
    """Li et al. (2025), equation 1, at N = 10^9 and D = 10^11."""
    rate, tokens = step_law(1e9, 1e11)
    assert rate == pytest.approx(1.79 * 10 ** (-0.713 * 9 + 0.307 * 11))
    assert tokens == pytest.approx(0.58 * 10 ** (0.571 * 11))


def test_deepseeks_rule_is_that_of_the_paper() -> None:
    """DeepSeek-AI (2024), section 3.1, at C = 10^20: a smaller rate and a larger batch for a larger budget."""
    rate, tokens = deepseek(1e20)
    assert rate == pytest.approx(0.3118 * 10**-2.5)
    assert tokens == pytest.approx(0.2920 * 10**6.542)


def test_without_a_rule_and_hyperparameters_a_run_is_trained_as_the_study_says(config: StudyConfig) -> None:
    run = spec(config)
    assert training_of(config.training, run, config.sizes["small"]) == config.training


@pytest.mark.parametrize("rule", ["step-law", "deepseek"])
def test_a_rule_sets_rate_and_batch_for_the_longest_run(config: StudyConfig, rule: str) -> None:
    training = config.training.model_copy(update={"rule": rule, "optimizer": "adamw"})
    run, shape = spec(config), config.sizes["small"]
    flops = training_flops(shape, 0, training.context, max(run.token_points))
    rate, tokens = step_law(shape.n_params, max(run.token_points)) if rule == "step-law" else deepseek(flops)
    found = training_of(training, run, shape)
    most = min(run.token_points) // training.context
    assert found.adamw_learning_rate == pytest.approx(rate)
    assert found.batch == max(1, min(round(tokens / training.context), most))


def test_a_runs_hyperparameters_come_before_the_studys(config: StudyConfig) -> None:
    run = spec(config, hyper={"weight_decay": 0.25, "batch": 4.0, LEARNING_RATE_FACTOR: 2.0})
    found = training_of(config.training, run, config.sizes["small"])
    assert found == config.training.model_copy(update={"weight_decay": 0.25, "batch": 4})
    assert isinstance(found.batch, int)


def test_what_is_no_hyperparameter_is_refused(config: StudyConfig) -> None:
    with pytest.raises(ValidationError):
        training_of(config.training, spec(config, hyper={"temperature": 1.0}), config.sizes["small"])
