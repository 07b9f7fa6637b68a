"""Rows that repeat their tokens are named, and few points of a long curve stand for all of it."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from codescale.laws.observations import narrow, observe, spread_rows, warn_of_repetition
from codescale.laws.warning import LawWarning
from codescale.runs.table import RunsTable
from tests.laws.synthetic_runs import SIZES, TableMaker, make_truth


def table(folder: Path, fresh: float | None) -> RunsTable:
    """Runs of 1, 2 and 8 epochs over 50,000 tokens of either language, and one of ``fresh`` tokens."""
    maker = TableMaker(make_truth(2), ["a", "b"], 0.0)
    half = np.array([0.5, 0.5])
    for epochs in (1, 2, 8):
        maker.add(f"epochs-{epochs}", SIZES[0], 1e5 * epochs, half, unique=5e4)
    if fresh is not None:
        maker.add("fresh", SIZES[0], fresh, half)
    return maker.table(folder)


def test_rows_that_repeat_and_count_as_fresh_are_named(tmp_path: Path) -> None:
    with pytest.warns(LawWarning, match=r"2 of 3 rows see tokens again, up to 8\.0 epochs.*--repetition"):
        warn_of_repetition(observe(narrow(table(tmp_path, None))))


def test_those_that_are_left_out_are_not(tmp_path: Path) -> None:
    """Of the two that repeat, fresh tokens reach as far as the shorter; then as far as both."""
    with pytest.warns(LawWarning, match="1 of 4 rows"):
        warn_of_repetition(observe(narrow(table(tmp_path, 2e5))))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_repetition(observe(narrow(table(tmp_path, 8e5))))


def test_without_a_column_of_distinct_tokens_nothing_is_said(tmp_path: Path) -> None:
    known = table(tmp_path, None)
    known.unique_tokens.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_repetition(observe(narrow(known)))


def test_few_points_of_long_curves_stand_for_all_with_the_last_of_each(tmp_path: Path) -> None:
    """Three runs of 40 evaluations and one of 2: of 24 rows asked for, six each, evenly, and none is left out."""
    maker = TableMaker(make_truth(1), ["a"], 0.0)
    for run, count in (("x", 40), ("y", 40), ("z", 40), ("short", 2)):
        for step in range(count):
            maker.add(run, SIZES[0], 1e5 * (step + 1), np.ones(1))
    data = observe(narrow(maker.table(tmp_path)))
    index, stands_for = spread_rows(data, 24)
    assert index.tolist() == sorted(index)
    kept = data.rows(index)
    assert np.bincount(kept.trunk).tolist() == [6, 6, 6, 2]
    for trunk in range(4):
        own = kept.trunk == trunk
        steps = np.exp(kept.log_tokens[own]) / 1e5
        assert steps.max() == pytest.approx([40, 40, 40, 2][trunk]), "the last"
        assert np.ptp(np.diff(np.sort(steps))) <= 1.001, "evenly"
        assert stands_for[own].sum() == pytest.approx([40, 40, 40, 2][trunk])
    everything, ones = spread_rows(data, len(data))
    assert everything.tolist() == list(range(len(data)))
    assert (ones == 1).all()
