"""From what a person asks for to a problem: no language harmed, and what is asked wrongly named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from codescale.allocation.optimize import optimize_mixture
from codescale.allocation.problem import make_problem, weights_of
from codescale.errors import UserError
from codescale.mixtures.bounds import AvailableTokens
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule
from tests.allocation.made_law import LANGUAGES, made_law

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")

N, D = 1e6, 1e8
THREE = ("python", "java", "go")
WEIGHTS = {"python": 5.0, "java": 1.0, "go": 0.5, "rust": 0.5}


def losses_at(law: object, shares: np.ndarray) -> np.ndarray:
    rows = len(shares)
    return law.predict(np.full(rows, N), np.full(rows, D), shares).losses  # type: ignore[attr-defined]


def test_no_language_is_harmed_where_that_is_asked_for() -> None:
    law = made_law("effective-data", samples=4)
    free = optimize_mixture(law, N, D, WEIGHTS)
    assert set(free.harmed)
    kept = optimize_mixture(law, N, D, WEIGHTS, no_harm=0.0)
    uniform = losses_at(law, np.full((1, 5), 0.2))[0]
    found = losses_at(law, kept.mixture.array(LANGUAGES)[None])[0]
    named = [LANGUAGES.index(name) for name in WEIGHTS]
    assert (found[named] <= uniform[named] * (1 + 2e-6)).all()
    assert free.objective < kept.objective <= kept.objective_uniform + 1e-9
    some = optimize_mixture(law, N, D, WEIGHTS, no_harm=0.01)
    assert free.objective - 1e-9 <= some.objective <= kept.objective + 1e-9


def test_bounds_under_which_somebody_is_harmed_name_him() -> None:
    law = made_law("effective-data", samples=0)
    with pytest.raises(UserError, match=r"harmed: within the bounds no mixture keeps python, go, rust and text at"):
        optimize_mixture(law, N, D, WEIGHTS, bounds={"rust": (0, 0.01)}, no_harm=0.0)


def test_a_language_that_weighs_nothing_is_protected_unless_others_are_named() -> None:
    law = made_law("effective-data", samples=0)
    text = LANGUAGES.index("text")
    beside = losses_at(law, np.full((1, 5), 0.2))[0]
    for rule, kept in (
        (NoHarmRule("uniform", 0.0, relative=True), True),
        (NoHarmRule("uniform", 0.0, relative=True, languages=("python", "rust")), False),
    ):
        found = optimize_mixture(law, N, D, WEIGHTS, no_harm=rule)
        own = losses_at(law, found.mixture.array(LANGUAGES)[None])[0]
        assert (own[text] <= beside[text] * (1 + 2e-6)) == kept
        for name in rule.languages:
            at = LANGUAGES.index(name)
            assert own[at] <= beside[at] * (1 + 2e-6)
    with pytest.raises(UserError, match="no language harmed, languages: 'cobol' is no language whose loss is known"):
        optimize_mixture(law, N, D, WEIGHTS, no_harm=NoHarmRule("uniform", 0.0, languages=("cobol",)))


@pytest.mark.parametrize(
    ("rule", "binding"),
    [
        (NoHarmRule("natural", 0.02, True, THREE), True),
        (NoHarmRule("natural", 0.01, False, THREE), True),
        (NoHarmRule("uniform", 0.0, True, THREE), True),
        (NoHarmRule("natural", 0.9, True, THREE), False),
    ],
)
def test_three_languages_under_a_rule_are_a_fine_grids_best(rule: NoHarmRule, binding: bool) -> None:
    law = made_law("effective-data", samples=0)
    tokens = AvailableTokens(max_epochs=1e9, tokens={"python": 2.0, "java": 5.0, "go": 3.0, "rust": 0.0, "text": 0.0})
    weights, bounds = {"python": 3.0, "java": 1.0, "go": 0.5}, {"rust": 0.0, "text": 0.0}
    step = 1 / 1500
    shares = np.zeros((1501 * 1501, 5))
    first, second = (axis.ravel() for axis in np.meshgrid(*2 * [np.arange(1501) * step], indexing="ij"))
    shares[:, 0], shares[:, 1], shares[:, 2] = first, second, 1 - first - second
    shares = np.maximum(shares[shares[:, 2] > -1e-9], 0.0)
    reference = np.array([0.2, 0.5, 0.3, 0, 0]) if rule.reference == "natural" else np.full(5, 0.2)
    losses, beside = losses_at(law, shares), losses_at(law, reference[None])[0]
    keep = (losses[:, :3] <= rule.ceilings(beside)[:3]).all(axis=1)
    weight = np.array([3.0, 1.0, 0.5]) / 4.5
    objective = losses[:, :3] @ weight
    grid = objective[keep].min()
    assert (grid > objective.min() + 1e-4) == binding
    found = optimize_mixture(law, N, D, weights, bounds=bounds, available=tokens, no_harm=rule)
    own = losses_at(law, found.mixture.array(LANGUAGES)[None])[0]
    assert found.objective == pytest.approx(grid, abs=1e-4)
    assert (own[:3] <= rule.ceilings(beside)[:3] * (1 + 2e-6)).all()
    assert found.no_harm == rule


def test_how_sure_a_law_is_of_the_rule_is_told() -> None:
    law = made_law("effective-data", samples=8)
    tight = optimize_mixture(law, N, D, WEIGHTS, no_harm=NoHarmRule("uniform", 0.005, relative=True))
    assert 0 <= tight.no_harm_kept < 1
    loose = optimize_mixture(law, N, D, WEIGHTS, no_harm=NoHarmRule("uniform", 0.9, relative=True))
    assert loose.no_harm_kept == 1
    assert np.isnan(optimize_mixture(law, N, D, WEIGHTS).no_harm_kept)


def test_a_rule_that_no_mixture_keeps_names_all_languages_in_conflict() -> None:
    """Rust and Go are held below what natural gave them: together they cannot both be served."""
    law = made_law("effective-data", samples=0)
    tokens = AvailableTokens(max_epochs=1e9, tokens={"python": 1.0, "java": 1.0, "go": 4.0, "rust": 4.0, "text": 0.0})
    rule = NoHarmRule("natural", 0.001, relative=True, languages=("python", "java", "go", "rust"))
    with pytest.raises(UserError, match=r"no mixture keeps go and rust at the loss under natural and 0.1 % more"):
        optimize_mixture(
            law, N, D, WEIGHTS, bounds={"python": (0.4, 1.0), "java": (0.3, 1)}, available=tokens, no_harm=rule
        )


def test_a_rule_beside_tokens_that_nobody_named_is_refused() -> None:
    rule = NoHarmRule("natural", 0.01, relative=True)
    with pytest.raises(UserError, match="no language harmed, natural: needs the tokens that there are of python"):
        optimize_mixture(made_law(), N, D, no_harm=rule)
    with pytest.raises(UserError, match="a tolerance of nan is no fraction"):
        optimize_mixture(made_law(), N, D, no_harm=float("nan"))


def test_weights_are_scaled_to_1_in_the_laws_order() -> None:
    assert weights_of(made_law(), {"go": 3.0, "python": 1.0}).tolist() == [0.25, 0.0, 0.75, 0.0, 0.0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": {"python": -1.0}}, "weights, python: -1.0 is not a weight"),
        ({"weights": {"python": 0.0}}, "weights: all are 0"),
        ({"weights": {"perl": 1.0}}, "weights, perl: is not in the law"),
        ({"kl": -0.1}, "kl: -0.1 is not a weight"),
        ({"reference": Mixture({"cobol": 1.0}), "goal": "worst"}, "reference: cobol"),
    ],
)
def test_what_is_asked_wrongly_is_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_problem(made_law(), N, D, **options)
