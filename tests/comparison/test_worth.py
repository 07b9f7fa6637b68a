"""What a mixture is worth in tokens: its own loss at the tokens that are left is the other's loss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.comparison.baselines import against_baselines
from codescale.comparison.result import JudgedSplit, PairedDifference
from codescale.comparison.statistics import summary
from codescale.comparison.worth import WorthScales, forecast_worth, measured_worth, with_worth
from codescale.laws.law import Law
from codescale.mixtures.mixture import Mixture
from tests.allocation.made_law import LANGUAGES, made_law

N, D = 1e6, 1e8
MIXTURE = Mixture(dict(zip(LANGUAGES, (0.4, 0.2, 0.1, 0.2, 0.1), strict=True)))
UNIFORM = Mixture(dict.fromkeys(LANGUAGES, 0.2))
WEIGHTS = {"python": 2.0, "go": 1.0}


def objective(law: Law, n_tokens: float, mixture: Mixture = MIXTURE) -> float:
    losses = law.predict([N], [n_tokens], [[mixture[name] for name in LANGUAGES]]).losses[0]
    by_name = dict(zip(law.targets, losses, strict=True))
    return float((2 * by_name["python"] + by_name["go"]) / 3)


def difference(mean: float, error: float | None = 0.01) -> PairedDifference:
    return PairedDifference(mean=mean, standard_error=error, low=None, high=None)


@given(gain=st.floats(-0.05, 0.2))
def test_at_the_tokens_that_are_left_the_mixture_is_as_good_as_the_other_was(gain: float) -> None:
    law = made_law()
    worth = measured_worth(law, N, D, MIXTURE, difference(-gain), 5, WEIGHTS)
    assert objective(law, D * (1 - worth.value)) == pytest.approx(objective(law, D) + gain, abs=2e-4)
    assert (worth.value > 0) == (gain > 1e-12) or abs(gain) < 1e-6
    assert worth.low is not None
    assert worth.high is not None
    assert worth.low <= worth.value <= worth.high


def test_the_interval_is_of_the_seeds_and_of_the_laws_curve() -> None:
    law = made_law()
    narrow, wide = (measured_worth(law, N, D, MIXTURE, difference(-0.05, e), 4, WEIGHTS) for e in (1e-4, 0.02))
    assert narrow.low is not None
    assert narrow.high is not None
    assert wide.low is not None
    assert wide.high is not None
    alone = [
        measured_worth(one, N, D, MIXTURE, difference(-0.05), 4, WEIGHTS).value
        for one in (under(law, k) for k in range(8))
    ]
    assert (narrow.low, narrow.high) == pytest.approx((min(alone), max(alone)), abs=0.002), "an eighth of draws each"
    slope = measured_worth(law, N, D, MIXTURE, difference(-0.051), 4, WEIGHTS).value
    per_nat = (slope - measured_worth(law, N, D, MIXTURE, difference(-0.049), 4, WEIGHTS).value) / 0.002
    assert wide.high - wide.low > 0.7 * 2 * 2.35 * 0.02 * per_nat


def under(law: Law, sample: int) -> Law:
    """The law that has ``sample``'s parameters."""
    parameters = {t: {p: v[sample] for p, v in row.items()} for t, row in law.bootstrap.items()}
    return Law.model_validate(law.model_dump() | {"parameters": parameters, "bootstrap": {}})


def test_what_no_tokens_can_make_good_ends_at_a_hundred_times() -> None:
    law = made_law()
    assert measured_worth(law, N, D, MIXTURE, difference(-1e3), 3, WEIGHTS).value == pytest.approx(0.99)
    assert measured_worth(law, N, D, MIXTURE, difference(5.0), 3, WEIGHTS).value == pytest.approx(-99.0)


def test_without_samples_or_seeds_there_is_no_interval() -> None:
    bare = made_law(samples=0)
    for law, error in ((bare, 0.01), (made_law(), None)):
        worth = measured_worth(law, N, D, MIXTURE, difference(-0.1, error), 1, WEIGHTS)
        assert worth.value > 0
        assert (worth.low, worth.high) == (None, None)
    assert forecast_worth(bare, N, D, MIXTURE, UNIFORM, WEIGHTS).low is None


def test_a_forecast_takes_the_difference_from_the_law_itself() -> None:
    law = made_law()
    worth = forecast_worth(law, N, D, MIXTURE, UNIFORM, WEIGHTS)
    assert objective(law, D * (1 - worth.value)) == pytest.approx(objective(law, D, UNIFORM), abs=2e-4)
    alone = [forecast_worth(under(law, k), N, D, MIXTURE, UNIFORM, WEIGHTS).value for k in range(8)]
    assert (worth.low, worth.high) == pytest.approx(tuple(np.quantile(alone, [0.05, 0.95])), abs=1e-9)
    itself = forecast_worth(law, N, D, MIXTURE, MIXTURE, WEIGHTS)
    assert (itself.value, itself.low, itself.high) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)


def test_each_baseline_has_its_worth_at_the_comparison_and_at_the_target() -> None:
    law = made_law()
    seeds = [2.0, 2.01, 1.99]
    best, other = split(seeds), split([one + 0.05 for one in seeds])
    verdicts = against_baselines(best, {"uniform": other, "twin": best})
    baselines = {"uniform": UNIFORM, "twin": MIXTURE}
    scales = WorthScales(measured=(N, D), forecast=(4 * N, 2 * D))
    found = with_worth(verdicts, law, MIXTURE, baselines, scales, WEIGHTS, 3)
    one, twin = found["uniform"].worth, found["twin"].worth
    assert one is not None
    assert twin is not None
    assert one.objective == measured_worth(law, N, D, MIXTURE, verdicts["uniform"].difference.objective, 3, WEIGHTS)
    assert one.objective.value > 0.05
    assert one.forecast == forecast_worth(law, 4 * N, 2 * D, MIXTURE, UNIFORM, WEIGHTS)
    go = verdicts["uniform"].difference.losses["go"]
    assert one.languages == {"go": measured_worth(law, N, D, MIXTURE, go, 3, {"go": 1.0})}, "cobol is not in the law"
    assert twin.objective.value == pytest.approx(0.0, abs=1e-9)
    assert found["uniform"].beats == verdicts["uniform"].beats


def split(values: list[float]) -> JudgedSplit:
    return JudgedSplit(objective=summary(values), losses={"go": summary(values), "cobol": summary(values)})
