"""A learning curve is read between its evaluations and nowhere else."""

from __future__ import annotations

import pytest

from codescale.search.pruning.curve import CurvePoint, LearningCurve


def test_curves_are_read_between_evaluations_and_not_beyond() -> None:
    one = LearningCurve(((100, 3.0), (10_000, 2.0)), 1.5)
    assert one.at(1_000) == pytest.approx(2.5)
    assert one.at(99) is None
    assert one.at(10_001) is None


def test_until_a_number_of_tokens_a_curve_has_parts_or_the_objective_itself() -> None:
    points = ((100, 3.0), (200, 2.5), (400, 2.0))
    assert LearningCurve(points).until(200) == [CurvePoint(100, (3.0,)), CurvePoint(200, (2.5,))]
    parts = ((1.0, 2.0), (1.0, 1.5), (0.8, 1.2))
    assert LearningCurve(points, parts=parts).until(399) == [CurvePoint(100, (1.0, 2.0)), CurvePoint(200, (1.0, 1.5))]
    assert LearningCurve(points).until(99) == []
