"""The verdicts on the paper's claims: each of the three, for each claim."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from codescale.laws.results import Scaling, Synergy
from codescale.report.claims import (
    CONTRADICTED,
    SUPPORTED,
    UNTOLD,
    Estimate,
    common_range,
    gains_most,
    help_each_other,
    helps_more_than_helped,
    paper_claims,
    relative_reduction,
    saturates_early,
    verdict_of,
)
from tests.laws.synergy.planted import judge_saturates

SIZES, TOKENS = (1e4, 3e4, 1e5), (1e5, 2e5, 4e5)
LABELS = {"python": "Python", "rust": "Rust", "java": "Java", "csharp": "C#"}


def points(first: float, before: float, last: float) -> list[dict[str, float]]:
    """A 3 by 3 grid whose loss is ``first`` at the smallest, ``before`` at the middle, ``last`` at the largest N, D."""
    corner = {0: first, 2: before, 4: last}
    return [
        {"n_params": n, "n_tokens": d, "loss": corner.get(i + j, 4.0), "fitted": corner.get(i + j, 4.0)}
        for i, n in enumerate(SIZES)
        for j, d in enumerate(TOKENS)
    ]


def scaling(noise: float | None, **losses: tuple[float, float, float]) -> Scaling:
    languages = {name: {"parameters": {}, "points": points(*corner)} for name, corner in losses.items()}
    return Scaling.model_validate({"level": 0.9, "noise": noise, "languages": languages})


def synergy(gain: dict[str, dict[str, Any]]) -> Synergy:
    """Gains given as value and half-width (None: no interval)."""
    cells = {
        target: {
            source: {
                "value": value,
                "low": None if half is None else value - half,
                "high": None if half is None else value + half,
            }
            for source, (value, half) in row.items()
        }
        for target, row in gain.items()
    }
    return Synergy.model_validate({"level": 0.9, "gain": cells})


@pytest.mark.parametrize(
    ("noise", "java", "expected"),
    [
        (0.002, (5.0, 4.5, 4.0), SUPPORTED),  # python falls by 30 %, java by 20 %
        (0.002, (5.0, 4.5, 3.0), CONTRADICTED),  # java falls by 40 %
        (0.002, (5.0, 4.5, 3.499), UNTOLD),  # by as much as python
        (0.5, (5.0, 4.5, 4.0), UNTOLD),  # a large difference under a larger noise
    ],
)
def test_gains_most(noise: float, java: tuple[float, float, float], expected: str) -> None:
    claim = gains_most(scaling(noise, python=(5.0, 4.5, 3.5), java=java, rust=(5.0, 4.9, 4.8)), "python", LABELS)
    assert claim.verdict == expected
    assert claim.statement == "Python gains most from scale"
    assert "Java" in claim.figure


def with_own_noise(study: Scaling, noise: dict[str, float], freedom: float) -> Scaling:
    content = study.model_dump()
    for name, value in noise.items():
        content["languages"][name] |= {"noise": value, "degrees_of_freedom": freedom}
    return Scaling.model_validate(content)


def test_each_language_errs_by_its_own_noise() -> None:
    """Rust saturates by the pooled noise; by its own, ten times that, it cannot be told."""
    study = scaling(0.002, rust=(5.0, 3.6, 3.55), python=(5.0, 4.5, 4.0), java=(5.0, 4.5, 4.0))
    assert saturates_early(study, "rust", LABELS).verdict == SUPPORTED
    noisy = with_own_noise(study, {"rust": 0.1, "python": 0.002, "java": 0.002}, 30.0)
    assert saturates_early(noisy, "rust", LABELS).verdict == UNTOLD


def test_intervals_are_students() -> None:
    study = with_own_noise(scaling(0.01, python=(5.0, 4.5, 3.5)), {"python": 0.01}, 3.0)
    found = relative_reduction(study.languages["python"], (1e4, 1e5), (1e5, 4e5))
    assert found is not None
    assert found.freedom == 3.0
    assert found.error is not None
    bounds = found.bounds(0.9)
    assert bounds is not None
    assert bounds[1] - found.value == pytest.approx(stats.t.ppf(0.95, 3) * found.error)


def test_the_difference_of_two_estimates_has_the_freedom_of_welch() -> None:
    first, second = Estimate(1.0, 0.2, 4.0), Estimate(0.5, 0.1, 8.0)
    difference = first - second
    assert difference.error == pytest.approx(math.sqrt(0.05))
    assert difference.freedom == pytest.approx(0.05**2 / (0.2**4 / 4 + 0.1**4 / 8))
    assert (first - Estimate(0.5, None)).bounds(0.9) is None
    assert (Estimate(1.0, 0.1) - Estimate(1.0, 0.1)).freedom == math.inf


def test_saturates_is_hardly_seen_where_all_scale_alike_and_one_is_noisier() -> None:
    """Nominal are 5 %; one noise for all, of residuals, saw it in 21 % of such studies."""
    assert judge_saturates(4, 3.0, 30, replicated=False) <= 0.1


def test_gains_most_without_the_language_cannot_be_told() -> None:
    claim = gains_most(scaling(0.01, java=(5, 4.5, 4), rust=(5, 4.5, 4.0)), "python", LABELS)
    assert (claim.verdict, claim.interval) == (UNTOLD, "")


def test_gains_most_is_stricter_with_more_rivals() -> None:
    """Intervals hold together over all rivals: what one rival alone allows may be untold among many."""
    rival = (5.0, 4.5, 3.55)
    few = scaling(0.003, python=(5.0, 4.5, 3.5), java=rival)
    many = scaling(0.003, python=(5.0, 4.5, 3.5), **dict.fromkeys(("a", "b", "c", "d", "e", "f"), rival))
    assert gains_most(few, "python", LABELS).verdict == SUPPORTED
    assert gains_most(many, "python", LABELS).verdict == UNTOLD


@pytest.mark.parametrize(
    ("noise", "rust", "expected"),
    [
        (0.002, (5.0, 3.6, 3.55), SUPPORTED),  # 1 % in the last step against 11 %
        (0.002, (5.0, 4.9, 3.5), CONTRADICTED),  # 29 % in the last step
        (0.002, (5.0, 4.5, 4.0), UNTOLD),
        (0.5, (5.0, 3.6, 3.55), UNTOLD),
    ],
)
def test_saturates_early(noise: float, rust: tuple[float, float, float], expected: str) -> None:
    study = scaling(noise, rust=rust, python=(5.0, 4.5, 4.0), java=(5.0, 4.5, 4.0))
    # the last step of the grid leads from the last but one level of N and D, where i + j = 2
    assert saturates_early(study, "rust", LABELS).verdict == expected


@pytest.mark.parametrize(
    ("there", "back", "expected"),
    [
        ((0.02, 0.01), (0.03, 0.01), SUPPORTED),
        ((0.02, 0.01), (-0.03, 0.01), CONTRADICTED),
        ((0.02, 0.01), (0.005, 0.01), UNTOLD),
        ((0.02, 0.01), (0.03, None), UNTOLD),
    ],
)
def test_help_each_other(there: tuple[float, Any], back: tuple[float, Any], expected: str) -> None:
    matrix = synergy({"java": {"csharp": there}, "csharp": {"java": back}})
    assert help_each_other(matrix, "java", "csharp", LABELS).verdict == expected


@pytest.mark.parametrize(
    ("there", "back", "expected"), [(True, True, SUPPORTED), (True, False, UNTOLD), (False, False, UNTOLD)]
)
def test_help_each_other_goes_by_the_matrixs_discoveries(there: bool, back: bool, expected: str) -> None:
    """Each interval leaves out zero, which among many happens by chance; the matrix says which are discoveries."""
    matrix = synergy({"java": {"csharp": (0.02, 0.01)}, "csharp": {"java": (0.02, 0.01)}}).model_dump()
    matrix["gain"]["java"]["csharp"]["differs_from_zero"] = there
    matrix["gain"]["csharp"]["java"]["differs_from_zero"] = back
    assert help_each_other(Synergy.model_validate(matrix), "java", "csharp", LABELS).verdict == expected


def test_a_discovered_harm_is_no_help() -> None:
    matrix = synergy({"java": {"csharp": (0.02, 0.01)}, "csharp": {"java": (-0.02, 0.03)}}).model_dump()
    matrix["gain"]["csharp"]["java"]["differs_from_zero"] = True
    assert help_each_other(Synergy.model_validate(matrix), "java", "csharp", LABELS).verdict == CONTRADICTED


def test_help_each_other_unmeasured_pair() -> None:
    claim = help_each_other(synergy({"java": {"csharp": (0.02, 0.01)}}), "java", "csharp", LABELS)
    assert claim.verdict == UNTOLD


@pytest.mark.parametrize(
    ("given_half", "received", "expected"),
    [
        ((0.03, 0.005), (0.01, 0.005), SUPPORTED),
        ((0.01, 0.005), (0.03, 0.005), CONTRADICTED),
        ((0.02, 0.005), (0.019, 0.005), UNTOLD),
        ((0.03, None), (0.01, 0.005), UNTOLD),
    ],
)
def test_helps_more_than_helped(given_half: tuple[float, Any], received: tuple[float, Any], expected: str) -> None:
    others = ("java", "rust")
    gain = {"python": dict.fromkeys(others, received)} | {name: {"python": given_half} for name in others}
    assert helps_more_than_helped(synergy(gain), "python", LABELS).verdict == expected


def test_received_gains_share_their_baseline() -> None:
    """With ever more languages the error of what is received does not shrink: it is one baseline run."""
    others = [f"l{k}" for k in range(100)]
    gain = {"python": dict.fromkeys(others, (0.01, 0.02))} | {name: {"python": (0.02, 0.02)} for name in others}
    assert helps_more_than_helped(synergy(gain), "python", LABELS).verdict == UNTOLD


def test_all_five_claims_and_none_without_artifacts() -> None:
    assert paper_claims(None, None, {}) == []
    claims = paper_claims(scaling(0.01, python=(5, 4, 3)), synergy({"java": {"csharp": (0.1, None)}}), LABELS)
    assert len(claims) == 5
    assert {claim.verdict for claim in claims} == {UNTOLD}


def test_range_is_what_all_languages_share() -> None:
    wide = scaling(0.01, python=(5.0, 4.5, 3.5)).languages["python"]
    narrow = wide.model_copy(update={"points": tuple(p for p in wide.points if p.n_params > 1e4)})
    shared = common_range({"python": wide, "rust": narrow})
    assert shared is not None
    assert shared.smallest == (3e4, 1e5)
    assert shared.last_but_one == (3e4, 2e5)
    assert shared.largest == (1e5, 4e5)
    single = wide.model_copy(update={"points": wide.points[:1]})
    assert common_range({"python": wide, "rust": single}) is None


def test_counts_that_went_through_logarithms_still_match() -> None:
    study = scaling(0.01, python=(5.0, 4.5, 3.5))
    blurred = study.model_dump()
    for point in blurred["languages"]["python"]["points"]:
        point["n_params"] = math.exp(math.log(point["n_params"]))
        point["n_tokens"] = math.exp(math.log(point["n_tokens"])) * (1 + 1e-15)
    read = Scaling.model_validate(blurred).languages["python"].points
    assert [point.scale for point in read] == [point.scale for point in study.languages["python"].points]


@given(first=st.floats(1, 10), last=st.floats(1, 10), noise=st.floats(1e-4, 0.2), scale=st.floats(0.1, 10))
def test_reduction_does_not_depend_on_the_unit_of_loss(first: float, last: float, noise: float, scale: float) -> None:
    def reduction(factor: float) -> Estimate:
        fit = scaling(noise, python=(first * factor, 4.0, last * factor)).languages["python"]
        found = relative_reduction(fit, (1e4, 1e5), (1e5, 4e5), noise)
        assert found is not None
        return found

    plain, scaled = reduction(1.0), reduction(scale)
    assert plain.value == pytest.approx(1 - last / first)
    assert scaled.value == pytest.approx(plain.value)
    assert scaled.error == pytest.approx(plain.error)
    # to first order the relative error of a ratio is that of both losses together
    assert plain.error == pytest.approx(noise * math.sqrt(2) * last / first)


@given(low=st.floats(-1, 1), width=st.floats(0, 1))
def test_verdict_is_told_by_zero_alone(low: float, width: float) -> None:
    verdict = verdict_of((low, low + width))
    assert (verdict == SUPPORTED) == (low > 0)
    assert (verdict == CONTRADICTED) == (low + width < 0)
    assert verdict_of(None) == UNTOLD
