"""What a search recommends: not the luckiest measurement but the trial with the best expectation; both are reported.

Under a rule of no harm it may be a mixture that no trial had.
"""

from __future__ import annotations

from dataclasses import asdict

import optuna

from codescale.mixtures.mixture import Mixture
from codescale.organisation import ORGANISATION, Organisation, organisation_of
from codescale.search.bayesopt.sampler import LawSampler
from codescale.search.result import ExpectedGain, Incumbent, Recommended
from codescale.search.space.space import SearchPoint
from codescale.search.trials.history import TrialHistory


def recommendation(sampler: object, study: optuna.Study, history: TrialHistory) -> Recommended | None:
    """The finished trial of ``history`` whose objective ``sampler`` expects to be least, and that expectation; under a
    rule of no harm the mixture that is expected to be best of those that keep it with the sampler's confidence.

    None where the sampler has no expectations: it is one of Optuna's, or has seen too few trials.
    """
    finished = [entry for entry in history.entries if entry.objective is not None]
    if not isinstance(sampler, LawSampler) or not finished:
        return None
    try:
        points = [
            sampler.space.chosen(Mixture(entry.proportions), entry.hyper, entry.organisation) for entry in finished
        ]
        found = sampler.recommended_of(study, points)
    except ValueError:
        return None
    left = sampler.expected_regret(study)
    untried = _untried(found.point, finished[0].organisation)
    recommended = Recommended(
        **(untried if found.position is None else finished[found.position].as_incumbent()).content(),
        expected=found.expected,
        deviation=found.deviation,
        remaining=None if left is None else ExpectedGain(**asdict(left)),
    )
    if found.keeps_rule is None:
        return recommended
    return recommended.model_copy(update={"keeps_no_harm": found.keeps_rule})


def _untried(point: SearchPoint, usual: Organisation) -> Incumbent:
    """A point at which no run was trained: without a run, and without a measured objective. ``usual``: the data's
    organisation where the point leaves it open.
    """
    hyper = {name: value for name, value in point.hyper.items() if name != ORGANISATION}
    organised = organisation_of(point.hyper[ORGANISATION]) if ORGANISATION in point.hyper else usual
    return Incumbent(proportions=dict(point.mixture), hyper=hyper, organisation=organised)
