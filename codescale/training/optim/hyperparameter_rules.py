"""Peak learning rate and batch size by a written rule in N and D, and what a run's hyperparameters change.

Both rules were measured for AdamW on LLaMA-like models, far above a proxy's size: at 0.1 M parameters they are an
extrapolation over three orders of magnitude, which is why the default is a fixed rate, and a search may free it.
"""

from __future__ import annotations

from collections.abc import Callable

from codescale.runs.records import RunSpec
from codescale.study.training import ModelSize, Shape, TrainingSection
from codescale.training.flops import training_flops

LEARNING_RATE_FACTOR = "learning_rate_factor"
"""The hyperparameter that multiplies all peak learning rates of a run."""


def step_law(n_params: float, n_tokens: float) -> tuple[float, float]:
    """Li et al. (2025), "Predictable Scale: Part I", arXiv 2503.04715, equation 1: 1.79 N^-0.713 D^0.307, 0.58 D^0.571.

    Parameters
    ----------
    n_params
        N: non-embedding parameters.
    n_tokens
        D: training tokens.

    Returns
    -------
    tuple
        The peak learning rate, and the tokens of a batch.
    """
    return 1.79 * n_params**-0.713 * n_tokens**0.307, 0.58 * n_tokens**0.571


def deepseek(flops: float) -> tuple[float, float]:
    """DeepSeek-AI (2024), "DeepSeek LLM", arXiv 2401.02954, section 3.1: 0.3118 C^-0.1250, 0.2920 C^0.3271.

    Parameters
    ----------
    flops
        C: training FLOPs without the logits.

    Returns
    -------
    tuple
        The peak learning rate, and the tokens of a batch.
    """
    return 0.3118 * flops**-0.1250, 0.2920 * flops**0.3271


def apply_rule(training: TrainingSection, spec: RunSpec, shape: Shape | ModelSize) -> TrainingSection:
    """``training`` with the learning rate and batch of its rule for the run's N and longest D; as it is without one."""
    n_tokens = max(spec.token_points)
    rules: dict[str, Callable[[], tuple[float, float]]] = {
        "step-law": lambda: step_law(shape.n_params, n_tokens),
        "deepseek": lambda: deepseek(training_flops(shape, 0, training.context, n_tokens)),
    }
    if training.rule is None:
        return training
    rate, tokens = rules[training.rule]()
    batch = max(1, min(round(tokens / training.context), min(spec.token_points) // training.context))
    return training.model_copy(update={"adamw_learning_rate": rate, "batch": batch})


def training_of(training: TrainingSection, spec: RunSpec, shape: Shape | ModelSize) -> TrainingSection:
    """How one run is trained: the study's section, its rule applied, and what the run's hyperparameters change.

    Parameters
    ----------
    training
        The study's section.
    spec, shape
        The run, and its model's shape or size.

    Raises
    ------
    ValueError
        For a hyperparameter that is not one.
    """
    changes = {name: value for name, value in spec.hyper.items() if name != LEARNING_RATE_FACTOR}
    if "batch" in changes:
        changes["batch"] = int(changes["batch"])
    by_rule = apply_rule(training, spec, shape)
    return TrainingSection.model_validate(by_rule.model_dump() | changes)
