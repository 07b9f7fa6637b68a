"""What a search minimises."""

from __future__ import annotations

import math

import pytest

from codescale.errors import UserError
from codescale.runs.records import Evaluation, RunRecord
from codescale.search.objective.objective import Objective
from codescale.search.space.schema import HyperparameterRange, ObjectiveSpec
from tests.search.synthetic_trials import LANGUAGES, TOKENS, swept_record


def test_a_metric_that_nobody_measures_is_named() -> None:
    objective = Objective.aimed(ObjectiveSpec(weights={"java": 1}, metrics={"pass_at_1": -1}), TOKENS)
    done = swept_record("done", dict.fromkeys(LANGUAGES, 1 / 3))
    lost = objective.missing(done, done.evaluations[-1])
    assert lost is not None
    assert "objective.metrics.pass_at_1" in str(lost)
    assert objective.curve(done).final is None
    measured = done.model_copy(update={"metrics": {"pass_at_1": 0.5}})
    plain = Objective.aimed(ObjectiveSpec(weights={"java": 1}), TOKENS).curve(done).final
    assert plain is not None
    assert objective.curve(measured).final == pytest.approx(plain - 0.5)


def evaluation(n_tokens: int, loss: float, branch: int | None = None, annealed: bool = False) -> Evaluation:
    """All languages alike."""
    return Evaluation(
        n_tokens=n_tokens, losses=dict.fromkeys(LANGUAGES, loss), annealed=annealed, branch=branch, flops=1.0
    )


def record(*evaluations: Evaluation) -> RunRecord:
    done = swept_record("done", dict.fromkeys(LANGUAGES, 1 / 3))
    spec = done.spec.model_copy(update={"hyper": {"learning_rate_factor": 2.0, "weight_decay": 0.1}})
    return done.model_copy(update={"evaluations": evaluations, "spec": spec})


def test_weights_are_normalised_and_those_of_nothing_left_out() -> None:
    assert Objective.of({"a": 3.0, "b": 1.0, "c": 0.0}, 7) == Objective({"a": 0.75, "b": 0.25}, 7)
    for weights in ({}, {"a": 0.0}, {"a": 2.0, "b": -1.0}):
        with pytest.raises(UserError) as raised:
            Objective.of(weights, 7)
        assert str(raised.value) == str(
            UserError("target.weights", "no language has a weight above 0", "give one of them a weight")
        )
    half = Objective.of({"a": 0.25, "b": 0.25}, 7)
    assert half.weights == {"a": 0.5, "b": 0.5}


def test_an_objective_of_a_space_is_divided_by_the_weights_of_its_losses_where_it_has_any() -> None:
    aimed = Objective.aimed(ObjectiveSpec(weights={"a": 3, "b": 1}, metrics={"m": -2}), 7)
    assert aimed == Objective({"a": 0.75, "b": 0.25}, 7, {"m": -0.5})
    assert not aimed.losses_alone
    assert Objective.aimed(ObjectiveSpec(metrics={"m": -2, "n": 1}), 7) == Objective({}, 7, {"m": -2.0, "n": 1.0})
    assert Objective.aimed(ObjectiveSpec(weights={"a": 1}), 7).losses_alone


def test_a_value_is_the_weighted_sum_and_what_is_missing_is_no_value() -> None:
    objective = Objective({"a": 0.75, "b": 0.25}, 7, {"m": -0.5})
    assert objective.value({"a": 2.0, "b": 4.0, "c": 9.0}, {"m": 1.0}) == pytest.approx(2.0)
    with pytest.raises(KeyError):
        objective.value({"a": 2.0, "b": 4.0})
    assert Objective({"a": 1.0}, 7).value({"a": 2.0}) == 2.0


def test_the_curve_is_the_trunk_up_to_the_horizon_and_its_own_annealed_end() -> None:
    """Branches towards another length are left out; its own branch may end a few tokens away from the plan."""
    rows = (
        evaluation(100, 3.0),
        evaluation(200, 2.8),
        evaluation(200, 2.5, branch=250, annealed=True),
        evaluation(220, 2.7, branch=250),
        evaluation(380, 2.65, branch=TOKENS),
        evaluation(TOKENS, 2.6),
        evaluation(TOKENS + 1, 2.1),
        evaluation(TOKENS + 3, 2.2, branch=TOKENS, annealed=True),
        evaluation(TOKENS + 100, 1.0, branch=TOKENS + 100, annealed=True),
        evaluation(TOKENS + 100, 0.9, annealed=True),
    )
    curve = Objective.of(dict.fromkeys(LANGUAGES, 1.0), TOKENS).curve(record(*rows))
    assert [tokens for tokens, _ in curve.points] == [100, 200, 380, TOKENS]
    assert [value for _, value in curve.points] == pytest.approx([3.0, 2.8, 2.65, 2.6])
    assert curve.final == pytest.approx(2.2)
    assert curve.parts[1] == pytest.approx((2.8 / 3,) * 3)
    assert len(curve.parts) == 4
    without = Objective.of({"python": 1.0}, TOKENS).curve(record(*rows[:7], evaluation(TOKENS, 2.3, annealed=True)))
    assert without.final == 2.3
    unmeasured = evaluation(50, 3.0).model_copy(update={"losses": {"java": 3.0}})
    assert Objective.of({"python": 1.0}, TOKENS).curve(record(unmeasured, *rows)).points[0][0] == 100


def test_curves_carry_the_settings_that_vary_on_their_scales() -> None:
    ranges = {
        "learning_rate_factor": HyperparameterRange(low=0.5, high=4.0, scale="log"),
        "weight_decay": HyperparameterRange(low=0.0, high=0.2),
    }
    objective = Objective.of({"python": 1.0}, TOKENS).varying(ranges)
    curve = objective.curve(record(evaluation(100, 3.0)))
    assert curve.settings == (pytest.approx(math.log(2.0)), 0.1)
    assert objective.settings_of({"learning_rate_factor": 2.0}) == ()


def test_losses_of_the_end_and_of_the_trunk_are_named_where_the_objective_is_their_mean() -> None:
    rows = (
        evaluation(100, 3.0),
        evaluation(200, 2.0, branch=200, annealed=True),
        evaluation(TOKENS, 2.6, branch=TOKENS, annealed=True),
    )
    whole = record(*rows)
    objective = Objective.of({"python": 3.0, "rust": 1.0}, TOKENS)
    curve = objective.curve(whole)
    assert objective.final_losses(whole, curve) == {"python": 2.6, "rust": 2.6}
    assert objective.trunk_losses(whole) == {"100": {"python": 3.0, "rust": 3.0}}
    protecting = objective.protecting(("rust", "cobol"))
    assert protecting.beside == ("cobol",)
    assert protecting.final_losses(whole, curve) is None, "no loss of it was measured"
    assert protecting.trunk_losses(whole) == {}
    alone = Objective.of({"python": 1.0}, TOKENS).protecting(("python", "rust"))
    assert alone.final_losses(whole, alone.curve(whole)) == {"python": 2.6, "rust": 2.6}
    assert alone.curve(whole).parts == ((3.0,),), "what weighs nothing is no part of the curve"
    assert objective.final_losses(record(*rows[:1]), objective.curve(record(*rows[:1]))) is None
    scored = Objective({"python": 1.0}, TOKENS, {"m": 1.0})
    measured = whole.model_copy(update={"metrics": {"m": 0.5}})
    assert scored.final_losses(measured, scored.curve(measured)) is None
    assert scored.trunk_losses(measured) == {}
    assert scored.curve(measured).parts == ((3.0, 0.5),)


def test_what_is_measured_instead_of_a_missing_metric_is_listed() -> None:
    objective = Objective({}, TOKENS, {"m": 1.0, "n": 1.0})
    one = evaluation(100, 3.0).model_copy(update={"metrics": {"z": 1.0, "m": 2.0}})
    plain = record(one)
    assert str(objective.missing(plain, one)) == str(
        UserError("objective.metrics.n", "no trial measures it", "measured are m, z")
    )
    nothing = evaluation(100, 3.0)
    assert str(objective.missing(plain, nothing)) == str(
        UserError("objective.metrics.m", "no trial measures it", "no metric is measured")
    )
    both = plain.model_copy(update={"metrics": {"n": 1.0}})
    assert objective.missing(both, one) is None
    assert objective.of_evaluation(both, one) == pytest.approx(3.0)
    assert objective.of_evaluation(plain, one) is None


def test_a_direction_of_translation_is_weighed_like_a_language() -> None:
    objective = Objective.of({"java": 1, "python->java": 3}, TOKENS)
    done = swept_record("done", dict.fromkeys(LANGUAGES, 1 / 3))
    measured = tuple(
        one.model_copy(update={"losses": one.losses | {"python->java": 2 * one.losses["java"]}})
        for one in done.evaluations
    )
    plain, both = (
        Objective.of({"java": 1}, TOKENS).curve(done),
        objective.curve(done.model_copy(update={"evaluations": measured})),
    )
    assert both.final == pytest.approx(1.75 * plain.final)
    assert [value for _, value in both.points] == pytest.approx([1.75 * value for _, value in plain.points])
    assert objective.curve(done).final is None
