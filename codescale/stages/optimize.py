"""``codescale optimize``: the law in, the mixture that it predicts to be best out."""

from __future__ import annotations

import time

from codescale.allocation.files import write_mixture
from codescale.allocation.optimize import Allocation, optimize_mixture
from codescale.mixtures.baselines import UNIFORM
from codescale.stages.inputs import StageContext, baseline_mixtures, fitted_law, say_weightless, target_availability


def optimize(context: StageContext) -> Allocation:
    """Computes the mixture that the law predicts to be best at the study's target, by its weights and bounds.

    A search space may ask another question; search and comparison then take the law's answer to that. Raises
    :class:`~codescale.errors.UserError` where ``codescale fit`` has not run.
    """
    begun = time.monotonic()
    config, folder = context.config, context.folder
    law = fitted_law(folder)
    available = target_availability(context)
    baselines = baseline_mixtures(context, config.comparison.compared, config.weights(), available)
    del baselines[str(UNIFORM)]  # its gain is told in any case
    allocation = optimize_mixture(
        law,
        config.target_params(),
        config.target.n_tokens,
        weights=config.weights(),
        bounds=dict(config.target.bounds),
        available=available,
        seed=config.seed,
        sequence_length=config.training.context,
        baselines=baselines,
    )
    write_mixture(folder.mixture, allocation, folder.law.name, config.training.organisation)
    context.timings.add("optimize", seconds=time.monotonic() - begun)
    say_weightless(context)
    return allocation
