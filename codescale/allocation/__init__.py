"""Allocation: the best mixture under a law, a token budget and bounds.

For: minimising a weighted mean of predicted losses over the simplex, with the optimum's uncertainty; the front between
two goals; forecasts of a larger model. May not: fit laws, train, know torch or Ray.

    optimize_mixture       Law, N, D -> Allocation
    trace_front            Law, N, D, two goals -> Pareto front
    forecast_losses        Law, N, D, mixture -> losses, and what the next unit of compute buys
    compute_optimal_scale  Law, FLOPs, mixture -> N and D
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codescale.lazy_exports import lazy

if TYPE_CHECKING:
    from codescale.allocation.compute_optimal import (
        ComputeOptimal,
        LossForecast,
        compute_optimal_scale,
        forecast_losses,
    )
    from codescale.allocation.files import write_front, write_mixture
    from codescale.allocation.optimize import Allocation, optimize_mixture
    from codescale.allocation.pareto import FrontPoint, trace_front
    from codescale.allocation.reuse import Reuse

__all__ = [
    "Allocation",
    "ComputeOptimal",
    "FrontPoint",
    "LossForecast",
    "Reuse",
    "compute_optimal_scale",
    "forecast_losses",
    "optimize_mixture",
    "trace_front",
    "write_front",
    "write_mixture",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "codescale.allocation.compute_optimal": [
            "ComputeOptimal",
            "LossForecast",
            "compute_optimal_scale",
            "forecast_losses",
        ],
        "codescale.allocation.files": ["write_front", "write_mixture"],
        "codescale.allocation.optimize": ["Allocation", "optimize_mixture"],
        "codescale.allocation.pareto": ["FrontPoint", "trace_front"],
        "codescale.allocation.reuse": ["Reuse"],
    },
)
