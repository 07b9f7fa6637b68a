"""The optimum: bounds hold to 1e-9, no random feasible mixture beats it, what conflicts is named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.allocation.optimize import best_mixture, bootstrap_optima, optimize_mixture, predict_objective
from codescale.errors import UserError
from codescale.laws.gp.gaussian_process import GaussianProcess, TargetProcess
from codescale.laws.gp.kernel import covariance, kernel_inputs
from codescale.laws.intervals import NORMAL_90
from codescale.laws.law import Law
from codescale.laws.warning import LawWarning
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.feasible import FeasibleSet
from codescale.mixtures.mixture import Mixture
from tests.allocation.made_law import LANGUAGES, made_law

N, D = 1e6, 1e8


def objective(law: Law, shares: np.ndarray, weights: dict[str, float]) -> np.ndarray:
    rows = len(shares)
    losses = law.predict(np.full(rows, N), np.full(rows, D), shares).losses
    weight = np.array([weights.get(target, 0.0) for target in law.targets])
    return losses @ (weight / weight.sum())


bound = st.tuples(st.floats(0, 0.15), st.floats(0.3, 1.0))


@settings(max_examples=15, deadline=None)
@given(
    bounds=st.dictionaries(st.sampled_from(LANGUAGES), bound, max_size=5),
    weights=st.fixed_dictionaries({name: st.floats(0.1, 3) for name in LANGUAGES}),
    law=st.sampled_from(["effective-data", "additive", "joint", "family", "exponential"]),
    seed=st.integers(0, 5),
)
def test_the_optimum_keeps_bounds_and_beats_random_mixtures(
    bounds: dict[str, tuple[float, float]], weights: dict[str, float], law: str, seed: int
) -> None:
    made = made_law(law, samples=0, seed=seed)
    result = optimize_mixture(made, N, D, weights=weights, bounds=bounds)
    shares = result.mixture.array(LANGUAGES)
    assert shares.sum() == pytest.approx(1.0, abs=1e-12)
    for name, (low, high) in bounds.items():
        assert low - 1e-9 <= result.mixture[name] <= high + 1e-9
    feasible = FeasibleSet.within(LANGUAGES, D, bounds)
    random = feasible.sample(10_000, np.random.default_rng(seed + 100))
    assert (random >= feasible.low - 1e-9).all()
    assert (random <= feasible.high + 1e-9).all()
    assert objective(made, random, weights).min() >= result.objective - 1e-9


def test_text_weighs_nothing_by_default() -> None:
    result = optimize_mixture(made_law(), N, D)
    assert result.weights["text"] == 0
    assert result.weights["python"] == pytest.approx(0.25)
    assert result.objective <= result.objective_uniform
    assert result.interval[0] < result.objective < result.interval[1]
    for name, (low, high) in result.share_intervals.items():
        assert low <= result.mixture[name] <= high
    assert not result.extrapolated


def test_a_fixed_share_and_available_tokens_hold() -> None:
    available = AvailableTokens(max_epochs=4, tokens={"rust": 1e6, "python": 1e9})
    result = optimize_mixture(made_law(), N, D, bounds={"text": 0.1}, available=available)
    assert result.mixture["text"] == pytest.approx(0.1, abs=1e-12)
    assert result.mixture["rust"] <= 0.04 + 1e-12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": {"cobol": 1.0}}, "weights, cobol: is not in the law"),
        ({"weights": {"python": 0.0}}, "weights: all are 0"),
        ({"weights": {"python": -1.0}}, "weights, python: -1.0 is not a weight"),
        ({"bounds": {"cobol": 0.1}}, "bounds, cobol: is not in the law"),
        ({"bounds": {"java": (0.6, 1), "go": (0.5, 1)}}, r"sum to 1\.1, above 1 \(java >= 0\.6, go >= 0\.5\)"),
        ({"bounds": {"java": (0.6, 0.2)}}, "is no interval"),
        ({"bounds": dict.fromkeys(LANGUAGES, (0.0, 0.1))}, r"upper bounds sum to 0\.5, below 1 \(python <= 0\.1"),
        (
            {"available": AvailableTokens(max_epochs=1, tokens={"sql": 1.0})},
            "available, tokens, sql: is not in the law",
        ),
        (
            {"bounds": {"java": (0.5, 1)}, "available": AvailableTokens(max_epochs=2, tokens={"java": 1e7})},
            r"bounds, java: asks for 0\.5 or more, but 2 epochs of its available tokens fill 0\.2",
        ),
    ],
)
def test_what_cannot_be_is_named(arguments: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        optimize_mixture(made_law(), N, D, **arguments)


def test_the_papers_law_minimises_its_one_loss_and_ignores_weights() -> None:
    law = made_law("proportional")
    with pytest.warns(LawWarning, match="weights do not apply"):
        result = optimize_mixture(law, N, D, weights=dict.fromkeys(LANGUAGES, 1.0))
    random = np.random.default_rng(1).dirichlet(np.ones(5), size=10_000)
    assert objective(law, random, {"mixture": 1.0}).min() >= result.objective - 1e-9


def test_a_target_beyond_the_fit_is_said() -> None:
    with pytest.warns(LawWarning, match="outside what the law was fitted on"):
        result = optimize_mixture(made_law(), 1e9, D)
    assert result.extrapolated


def test_a_law_without_shares_cannot_allocate() -> None:
    with pytest.warns(LawWarning, match="every mixture is as good"):
        optimize_mixture(made_law("mean"), N, D)


def test_thompson_draws_are_feasible_and_repeatable() -> None:
    first = bootstrap_optima(made_law(), N, D, count=3, bounds={"python": (0.3, 1)}, seed=2)
    assert first == bootstrap_optima(made_law(), N, D, count=3, bounds={"python": (0.3, 1)}, seed=2)
    assert len(first) == 3
    assert all(isinstance(mixture, Mixture) and mixture["python"] >= 0.3 - 1e-9 for mixture in first)


@settings(max_examples=10, deadline=None)
@given(ratio=st.floats(0.2, 5), most=st.floats(0.2, 1.0), seed=st.integers(0, 5))
def test_tied_languages_keep_their_ratio_and_no_such_mixture_is_better(ratio: float, most: float, seed: int) -> None:
    """Held against the same problem written by hand: random shares of the groups, scaled to sum 1."""
    made = made_law("additive", seed=seed)
    weights = dict.fromkeys(LANGUAGES, 1.0)
    ties = [{"python": 1.0, "go": ratio}]
    best = best_mixture(made, N, D, weights, bounds={"python": (0.02, most), "text": 0.1}, ties=ties)
    assert best["go"] == pytest.approx(ratio * best["python"], rel=1e-9)
    assert 0.02 - 1e-9 <= best["python"] <= most + 1e-9
    assert best["text"] == pytest.approx(0.1)
    groups = 0.9 * np.random.default_rng(seed).dirichlet(np.ones(3), size=2000)
    python = groups[:, 0] / (1 + ratio)
    shares = np.column_stack([python, groups[:, 1], ratio * python, groups[:, 2], np.full(len(groups), 0.1)])
    shares = shares[(python >= 0.02) & (python <= most)]
    assert objective(made, best.array(LANGUAGES)[None], weights)[0] <= objective(made, shares, weights).min() + 1e-12
    drawn = bootstrap_optima(made, N, D, 3, weights, bounds={"python": (0.02, most)}, ties=ties)
    assert all(one["go"] == pytest.approx(ratio * one["python"], rel=1e-9) for one in drawn)


def test_the_best_mixture_is_that_of_the_whole_allocation() -> None:
    available = AvailableTokens(max_epochs=4, tokens={"rust": 1e6})
    options = {"bounds": {"python": (0.3, 1.0)}, "available": available, "seed": 1}
    assert best_mixture(made_law(), N, D, **options) == optimize_mixture(made_law(), N, D, **options).mixture


def test_ties_that_contradict_the_bounds_are_named() -> None:
    with pytest.raises(UserError, match=r"bounds, python \+ go: cannot hold at the ratios of the tie"):
        best_mixture(made_law(), N, D, bounds={"python": 0.1, "go": 0.4}, ties=[{"python": 1, "go": 2}])


def test_a_share_that_buys_less_than_a_sequence_is_0_with_a_line() -> None:
    law = made_law("joint", samples=0, seed=3)
    weights = {"python": 3.0, "java": 0.02, "go": 0.001, "rust": 0.0001}
    small = optimize_mixture(law, N, D, weights=weights, sequence_length=1).mixture
    assert 1e-5 < small["java"] < 8192 / D
    with pytest.warns(LawWarning, match=r"java \(4\.9\de-05\): less than one sequence of 8192 tokens at D = 1e\+08"):
        found = optimize_mixture(law, N, D, weights=weights, sequence_length=8192).mixture
    assert found["java"] == 0
    assert found["rust"] == pytest.approx(small["rust"], abs=1e-4)
    assert sum(found.values()) == pytest.approx(1.0, abs=1e-12)
    with pytest.warns(LawWarning, match="java: bounds ask for less than one sequence of 8192 tokens at D = 1e"):
        held = optimize_mixture(law, N, D, weights=weights, bounds={"java": (2e-5, 1.0)}, sequence_length=8192).mixture
    assert held["java"] >= 2e-5


TOKENS = AvailableTokens(max_epochs=4, tokens={"python": 4e7, "java": 3e7, "go": 2e6, "rust": 1e6, "text": 9e7})


def test_the_gain_over_each_baseline_is_the_laws_difference() -> None:
    law, weights = made_law(samples=20), {"python": 3.0, "go": 1.0}
    words = ("uniform", "natural", "temperature:0.3", "unimax", "weights")
    found = optimize_mixture(law, 1e6, 1e8, weights, available=TOKENS, baselines=words)
    assert tuple(found.gains) == words
    for gain in found.gains.values():
        value, _, _ = predict_objective(law, 1e6, 1e8, gain.mixture, weights)
        assert gain.value == pytest.approx(value)
        assert gain.gain == pytest.approx(value - found.value)
        assert gain.interval[0] < gain.interval[1]
    assert found.gains["uniform"].value == pytest.approx(found.value_uniform)
    assert found.gains["uniform"].interval == pytest.approx(found.improvement)
    assert found.gains["weights"].mixture == Mixture({"python": 0.75, "go": 0.25})
    assert found.gains["natural"].mixture["text"] == pytest.approx(90 / 163)
    without = optimize_mixture(law, 1e6, 1e8, weights, available=TOKENS)
    assert without.gains == {}
    assert without.mixture == found.mixture


def test_baselines_may_be_mixtures_by_name_and_those_that_cannot_be_are_refused() -> None:
    law, ours = made_law(samples=2), Mixture({"python": 0.4, "java": 0.6})
    found = optimize_mixture(law, 1e6, 1e8, {"go": 1.0}, baselines={"ours": ours})
    assert found.gains["ours"].mixture == ours
    with pytest.raises(UserError, match=r"--baseline, ours: cobol is in the mixture"):
        optimize_mixture(law, 1e6, 1e8, {"go": 1.0}, baselines={"ours": Mixture({"cobol": 1.0})})
    with pytest.raises(UserError, match=r"--baseline, natural: needs the tokens that there are of python"):
        optimize_mixture(law, 1e6, 1e8, {"go": 1.0}, baselines=["natural"])


def process_on(targets: tuple[str, ...], rows: int = 12) -> GaussianProcess:
    """A process of its own on each of ``targets``, of amplitude 0.05, 0.1, …, over random runs in the law's range."""
    generator = np.random.default_rng(2)
    return GaussianProcess(
        log_params=generator.uniform(np.log(1e5), np.log(1e7), rows).tolist(),
        log_tokens=generator.uniform(np.log(1e7), np.log(1e9), rows).tolist(),
        shares=generator.dirichlet(np.ones(5), rows).tolist(),
        targets={
            name: TargetProcess(
                rows=list(range(rows)),
                residuals=(0.02 * generator.standard_normal(rows)).tolist(),
                weights=[1.0] * rows,
                relevance=[0.3, 0.4, 1.0, 1.0, 1.0, 0.5, 0.5],
                amplitude=0.05 * (k + 1),
                noise=0.01,
            )
            for k, name in enumerate(targets)
        },
    )


def test_without_samples_the_objectives_interval_holds_what_the_process_does_not_know() -> None:
    """Held against dense algebra: processes of two targets, independent, and the noise of all three that weigh."""
    process = process_on(("python", "java"))
    law = made_law(samples=0).model_copy(update={"process": process})
    weights, mixture = {"python": 2.0, "java": 1.0, "rust": 1.0}, Mixture(dict.fromkeys(LANGUAGES, 0.2))
    n, d, shares = np.array([1e6]), np.array([1e8]), np.full((1, 5), 0.2)
    losses = law.predict(n, d, shares).losses[0]
    share = np.array([weights.get(name, 0.0) for name in LANGUAGES]) / 4.0
    at, known = kernel_inputs(np.log(n), np.log(d), shares), process.inputs
    unknown = np.zeros(5)
    for name, own in process.targets.items():
        relevance, prior = np.array(own.relevance), own.amplitude**2
        matrix = prior * covariance(relevance, known, known) + own.noise**2 * np.eye(len(known))
        cross = prior * covariance(relevance, at, known)
        unknown[LANGUAGES.index(name)] = prior - (cross @ np.linalg.solve(matrix, cross.T))[0, 0]
    variance = ((share * losses) ** 2 * (unknown + 0.01**2)).sum()
    assert variance > 2 * ((share * losses) ** 2 * 0.01**2).sum()
    value, low, high = predict_objective(law, 1e6, 1e8, mixture, weights)
    assert value == pytest.approx(share @ losses)
    assert np.log(high / low) == pytest.approx(2 * NORMAL_90 * np.sqrt(variance) / value, rel=1e-6)


@pytest.mark.parametrize(("freedom", "factor"), [(2.0, 2.9200 / NORMAL_90), (0.0, np.nan)])
def test_an_objectives_noise_is_as_unsure_as_a_losses_where_few_runs_tell_it(freedom: float, factor: float) -> None:
    law = made_law(samples=0)
    few = law.model_copy(update={"noise_freedom": dict.fromkeys(law.targets, freedom)})
    half = []
    for one in (law, few):
        _, low, high = predict_objective(one, 1e8, 1e8, Mixture(dict.fromkeys(LANGUAGES, 0.2)))  # beyond the range
        half.append(np.log(high / low))
    assert half[1] == pytest.approx(factor * half[0], rel=1e-4, nan_ok=True)


def test_with_samples_their_draws_hold_it_and_it_is_not_added_again() -> None:
    law = made_law(samples=60).model_copy(update={"process": process_on(("python",))})
    _, low, high = predict_objective(law, 1e6, 1e8, Mixture({"python": 1.0}), {"python": 1.0})
    drawn = law.predict(np.array([1e6]), np.array([1e8]), np.eye(5)[:1])
    assert (low, high) == (pytest.approx(drawn.low[0, 0], rel=0.02), pytest.approx(drawn.high[0, 0], rel=0.02))
