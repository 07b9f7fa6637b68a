"""Search: the best mixture (and hyperparameters) by real training runs around what the laws already know.

For: what may vary (``space``), what is asked (``objective``), which point is next (``bayesopt``), when a trial is
stopped (``pruning``), trials from point to record (``trials``), all of it run with Ray Tune (``tune``) or without
training (``simulation``), and the next runs of a table (``tables``).
May not: train (a trial is a ``Session`` that somebody hands in), or fit a law to a sweep (the law and its optimum are
handed in).

    load_space, suggest_point, LawSampler, CurvePruner, LOSSES   the parts, in an Optuna study of one's own
    simulate                                                     a search against a law in place of training
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from codescale.lazy_exports import lazy

if TYPE_CHECKING:
    from codescale.search.bayesopt.sampler import LawSampler
    from codescale.search.bayesopt.trial_reader import LOSSES
    from codescale.search.pruning.optuna_pruner import CurvePruner
    from codescale.search.run import run_search
    from codescale.search.simulation.landscape import Landscape, attainable, baseline_objectives, read_landscape
    from codescale.search.simulation.simulate import Known, Outcome, SearchPlan, simulate, simulate_seeds
    from codescale.search.space.distributions import distributions, suggest_point
    from codescale.search.space.space import SearchSpace, load_space

__all__ = [
    "LOSSES",
    "CurvePruner",
    "Known",
    "Landscape",
    "LawSampler",
    "Outcome",
    "SearchPlan",
    "SearchSpace",
    "attainable",
    "baseline_objectives",
    "distributions",
    "load_space",
    "read_landscape",
    "run_search",
    "simulate",
    "simulate_seeds",
    "suggest_point",
]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "codescale.search.bayesopt.sampler": ["LawSampler"],
        "codescale.search.bayesopt.trial_reader": ["LOSSES"],
        "codescale.search.pruning.optuna_pruner": ["CurvePruner"],
        "codescale.search.run": ["run_search"],
        "codescale.search.simulation.landscape": ["Landscape", "attainable", "baseline_objectives", "read_landscape"],
        "codescale.search.simulation.simulate": ["Known", "Outcome", "SearchPlan", "simulate", "simulate_seeds"],
        "codescale.search.space.distributions": ["distributions", "suggest_point"],
        "codescale.search.space.space": ["SearchSpace", "load_space"],
    },
)
