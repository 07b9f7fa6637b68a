"""What a search recommends: not the luckiest measurement but the trial with the best expectation; both are reported."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import optuna

from codescale.mixtures.mixture import Mixture
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.trials.history import Ledger, held


def recommendation(sampler: object, study: optuna.Study, ledger: Ledger) -> dict[str, Any] | None:
    """The finished trial of ``ledger`` whose objective ``sampler`` expects to be least, and that expectation.

    As ``search.json`` holds it: the trial as an incumbent is held, its ``expected`` objective and the standard
    ``deviation`` of that (a run's noise apart), and how much is ``remaining`` for further trials to gain. None where
    the sampler has no expectations: it is one of Optuna's, or has seen too few trials.
    """
    finished = [entry for entry in ledger.entries if entry.objective is not None]
    if not isinstance(sampler, LawSampler) or not finished:
        return None
    try:
        points = [
            sampler.space.chosen(Mixture(entry.proportions), entry.hyper, entry.organisation) for entry in finished
        ]
        expected, deviation = sampler.expected(study, points)
    except ValueError:
        return None
    best = int(np.argmin(expected))
    left = sampler.expected_regret(study)
    return held(finished[best]) | {
        "expected": float(expected[best]),
        "deviation": float(deviation[best]),
        "remaining": None if left is None else asdict(left),
    }
