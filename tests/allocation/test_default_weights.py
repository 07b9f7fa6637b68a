"""What weighs nothing though nobody said so is told, and only then."""

from __future__ import annotations

import warnings

import pytest

from codescale.allocation.compute_optimal import forecast_losses
from codescale.allocation.default_weights import NOTHING, Weightless, unmeasured_domains, weightless
from codescale.allocation.optimize import optimize_mixture
from codescale.allocation.pareto import in_neither_group
from codescale.laws.law import Law
from codescale.laws.warning import DefaultWeightWarning
from codescale.mixtures.mixture import Mixture
from tests.allocation.made_law import LANGUAGES, made_law

N, D = 1e6, 1e8


def law_of(targets: tuple[str, ...], domains: tuple[str, ...] = ()) -> Law:
    """``made_law`` that measures only some of its domains, or has domains of other names."""
    law, new = made_law(samples=0), domains or LANGUAGES
    renamed = dict(zip((f"t.{name}" for name in LANGUAGES), (f"t.{name}" for name in new), strict=True))
    return Law.model_validate(
        law.model_dump()
        | {
            "domains": new,
            "targets": targets,
            "parameters": {
                target: {renamed.get(name, name): value for name, value in own.items()}
                for target, own in zip(targets, law.parameters.values(), strict=False)
            },
            "fitted_range": law.fitted_range.model_dump() | {"proportions": dict.fromkeys(new, (0.0, 1.0))},
            "noise": dict.fromkeys(targets, 0.01),
            "correlation": [[float(i == j) for i in range(len(targets))] for j in range(len(targets))],
        }
    )


def test_text_is_told_where_no_weights_are_given() -> None:
    with pytest.warns(DefaultWeightWarning, match=r"text weighs nothing by default \(natural language\)"):
        result = optimize_mixture(made_law(), N, D)
    assert result.weightless == Weightless(text=("text",))
    with warnings.catch_warnings():
        warnings.simplefilter("error", DefaultWeightWarning)
        assert optimize_mixture(made_law(), N, D, weights={"go": 1.0}).weightless == NOTHING
        assert forecast_losses(made_law(), N, D, Mixture.uniform(LANGUAGES), {"go": 1.0}).weightless == NOTHING


def test_a_domain_without_a_loss_is_told_where_others_have_one() -> None:
    law = law_of(("python", "java", "text"))
    assert weightless(law, None) == Weightless(text=("text",), unmeasured=("go", "rust"))
    assert any(
        "since no loss of it was measured: go, rust" in line for line in weightless(law, None).lines("--weights")
    )


def test_tasks_as_targets_leave_no_domain_out() -> None:
    law = law_of(("arc", "swag"), ("web", "papers", "code", "books", "news"))
    assert unmeasured_domains(law) == ()
    assert weightless(law, None) == NOTHING


def test_text_alone_is_the_objective() -> None:
    assert weightless(law_of(("text",), ("text", "web", "papers", "code", "books")), None).text == ()


def test_a_front_weighs_what_its_groups_name() -> None:
    law = law_of(("python", "java", "text"))
    assert in_neither_group(law, ["python"], ["java"]) == ["text", "go", "rust"]
    assert in_neither_group(made_law(), LANGUAGES[:2], LANGUAGES[2:]) == []
