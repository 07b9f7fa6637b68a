"""Hold-outs: nothing that is tested is trained on, mixtures and trunks stay whole, and scores are means by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codescale.laws.fitting.holdout import FOLDS, INSIDE, Split, make_splits, score
from codescale.laws.forms.registry import find_form
from codescale.laws.observations import Observations, appearance_index


def some_data(
    seed: int, mixtures: int = 14, sizes: int = 3, lengths: int = 3, targets: tuple[str, ...] = ("a", "b", "c")
) -> Observations:
    """Every mixture (single languages among them) at every N and D, a trunk for each mixture and N; a tenth of the rows
    is not usable.
    """
    generator = np.random.default_rng(seed)
    shares = np.vstack([np.eye(3), generator.dirichlet(np.ones(3), size=mixtures)])
    rows = [(k, n, d) for k in range(len(shares)) for n in range(sizes) for d in range(lengths)]
    rows = [rows[k] for k in generator.permutation(len(rows))]
    mixture, size, length = np.array(rows).T
    return Observations(
        path="x",
        domains=("a", "b", "c"),
        targets=targets,
        log_params=np.log(1e5) + 1.5 * size,
        log_tokens=np.log(1e6) + 0.7 * length,
        shares=shares[mixture],
        log_losses=generator.standard_normal((len(rows), len(targets))),
        trunk=appearance_index(mixture * sizes + size),
        usable=generator.random(len(rows)) > 0.1,
        unique_tokens=np.full((len(rows), 3), np.inf),
    )


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    mixtures=st.integers(0, 14),
    sizes=st.integers(1, 4),
    lengths=st.integers(1, 4),
)
def test_no_hold_out_leaks(seed: int, mixtures: int, sizes: int, lengths: int) -> None:
    data = some_data(seed, mixtures, sizes, lengths)
    for split in make_splits(data, seed):
        assert split.test.any()
        assert not (split.train & split.test).any()
        assert not ((split.train | split.test) & ~data.usable).any()
        if split.kind == "mixtures":
            assert not set(data.mixture_index[split.test]) & set(data.mixture_index[split.train])
            assert data.shares[split.test].max() < 0.999, "single languages anchor every law"
        if split.kind == "runs":
            assert not set(data.trunk[split.test]) & set(data.trunk[split.train])
        if split.kind in ("longest", "both"):
            assert data.log_tokens[split.train].max() < data.log_tokens[split.test].min()
        if split.kind in ("largest", "both"):
            assert data.log_params[split.train].max() < data.log_params[split.test].min()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_the_folds_hold_every_mixture_out_once(seed: int) -> None:
    data = some_data(seed)
    folds = [split for split in make_splits(data, seed) if split.kind in INSIDE]
    assert len(folds) == FOLDS
    mixed = (data.shares.max(axis=1) < 0.999) & data.usable
    assert np.array_equal(sum(fold.test.astype(int) for fold in folds), mixed.astype(int))


def test_few_mixtures_hold_out_whole_trunks_and_too_few_trunks_hold_out_nothing() -> None:
    assert {split.kind for split in make_splits(some_data(0, mixtures=2), 0)} >= {"runs"}
    one = some_data(0, mixtures=0, sizes=1, lengths=2)
    assert make_splits(one, 0) == []


def test_hold_outs_follow_from_the_seed() -> None:
    data = some_data(4)

    def tests(seed: int) -> list[list[bool]]:
        return [split.test.tolist() for split in make_splits(data, seed)]

    assert tests(1) == tests(1)
    assert tests(1) != tests(2)


def test_a_score_is_the_mean_over_kinds_of_the_mean_relative_error() -> None:
    data = some_data(5, targets=("a", "b"))
    nothing = np.zeros(len(data), dtype=bool)
    splits = [
        Split("mixtures", nothing, nothing),
        Split("mixtures", nothing, nothing),
        Split("largest", nothing, nothing),
    ]
    residuals = [
        np.log([[1.01, 1.03]]),
        np.log([[1.03, np.nan], [0.98, 1.01]]),
        np.log([[1.10, 1.20]]),
    ]
    found = score(find_form("mean"), data, splits, residuals)
    assert found.splits == pytest.approx({"mixtures": (0.02 + 0.02) / 2, "largest": 0.15})
    assert found.error == pytest.approx((0.02 + 0.15) / 2)
    assert found.targets == pytest.approx({"a": (0.02 + 0.10) / 2, "b": (0.02 + 0.20) / 2})


def test_the_longest_and_the_largest_runs_are_held_out_and_together_where_both_meet() -> None:
    data = some_data(6)
    longest = data.log_tokens > np.log(1e6) + 1.0
    largest = data.log_params > np.log(1e5) + 2.0
    by_kind = {split.kind: split for split in make_splits(data, 0)}
    assert list(by_kind) == ["mixtures", "longest", "largest", "both"]
    for kind, test in (("longest", longest), ("largest", largest), ("both", longest & largest)):
        assert by_kind[kind].test.tolist() == (test & data.usable).tolist()
    assert by_kind["longest"].train.tolist() == (~longest & data.usable).tolist()
    assert by_kind["both"].train.tolist() == (~longest & ~largest & data.usable).tolist()


def at_tokens(counts: tuple[int, ...]) -> Observations:
    """So many rows at every D, from the shortest on; one N and twenty mixtures in turn."""
    log_tokens = np.repeat(np.log(1e6) + np.arange(len(counts)), counts)
    rows = len(log_tokens)
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=20)[np.arange(rows) % 20]
    return Observations(
        path="x",
        domains=("a", "b", "c"),
        targets=("a",),
        log_params=np.zeros(rows),
        log_tokens=log_tokens,
        shares=shares,
        log_losses=np.zeros((rows, 1)),
        trunk=np.arange(rows) % 20,
        usable=np.ones(rows, dtype=bool),
        unique_tokens=np.full((rows, 3), np.inf),
    )


@pytest.mark.parametrize(
    ("counts", "held_out"),
    [
        ((30, 30, 10), 10),  # ten rows are enough
        ((60, 60, 9), 9),  # with three lengths there are no others to hold out
        ((100, 60, 30, 9), 39),  # of four, nine are too few and the next length joins them
        ((30, 20, 6), 6),  # a tenth of few rows is enough
        ((30, 30), 0),  # two lengths always stay
        ((20, 10, 30), 30),  # half may be held out
        ((20, 9, 30), 0),
    ],
)
def test_the_longest_runs_are_at_least_ten_or_a_tenth_and_at_most_half(counts: tuple[int, ...], held_out: int) -> None:
    data = at_tokens(counts)
    found = [int(split.test.sum()) for split in make_splits(data, 0) if split.kind == "longest"]
    assert found == ([held_out] if held_out else [])


def test_five_mixtures_are_folds_of_mixtures_and_four_trunks_folds_of_trunks() -> None:
    data = some_data(0, mixtures=5, sizes=1, lengths=1)
    five = replace(data, usable=np.ones(len(data), dtype=bool))
    assert [split.kind for split in make_splits(five, 0)] == ["mixtures"] * 5
    four = at_tokens((4,))
    assert [split.kind for split in make_splits(four, 0)] == ["runs"] * 4
    assert make_splits(at_tokens((3,)), 0) == []


def runs_at(sizes: list[int], lengths: list[int]) -> Observations:
    """A run of each size and length (steps of N and D), its mixture one of ten in turn, a trunk of its own."""
    rows = len(sizes)
    shares = np.random.default_rng(0).dirichlet(np.ones(3), size=10)[np.arange(rows) % 10]
    return Observations(
        path="x",
        domains=("a", "b", "c"),
        targets=("a",),
        log_params=np.log(1e5) + 1.5 * np.array(sizes),
        log_tokens=np.log(1e6) + 0.7 * np.array(lengths),
        shares=shares,
        log_losses=np.zeros((rows, 1)),
        trunk=np.arange(rows),
        usable=np.ones(rows, dtype=bool),
        unique_tokens=np.full((rows, 3), np.inf),
    )


def test_on_a_ladder_the_longest_runs_are_the_largest_and_count_once() -> None:
    steps = [k for k in range(4) for _ in range(10)]
    splits = make_splits(runs_at(steps, steps), 0)
    assert [split.kind for split in splits if split.kind not in INSIDE] == ["both"]
    both = splits[-1]
    assert both.test.tolist() == [step == 3 for step in steps]
    assert both.train.tolist() == [step < 3 for step in steps]


def test_largest_models_that_were_not_trained_as_long_are_held_out_by_their_own_longer_half() -> None:
    """Sizes 0 and 1 up to length 5, size 2 up to length 3: none is among the largest and the longest."""
    rows = [(n, d) for n in (0, 1) for d in range(6) for _ in range(5)] + [(2, d) for d in range(4) for _ in range(4)]
    sizes, lengths = (list(column) for column in zip(*rows, strict=True))
    splits = {split.kind: split for split in make_splits(runs_at(sizes, lengths), 0)}
    assert list(splits) == ["mixtures", "longest", "largest", "both", "compute"]
    assert splits["longest"].test.tolist() == [d == 5 for _, d in rows]
    assert splits["largest"].test.tolist() == [n == 2 for n, _ in rows]
    assert splits["both"].test.tolist() == [n == 2 and d > 1 for n, d in rows]
    assert splits["both"].train.tolist() == [n < 2 and d <= 1 for n, d in rows]
    most = [(n, d) in {(2, 3), (1, 5)} for n, d in rows]  # less than 15 % of the rows; (2, 2) would make it more
    assert splits["compute"].test.tolist() == most
    assert splits["compute"].train.tolist() == [not one for one in most]


def test_where_larger_and_longer_runs_would_leave_too_little_they_are_not_held_out_together() -> None:
    """The largest runs are short: nearly all others are longer than their median."""
    rows = [(n, d) for n in (0, 1) for d in (1, 2, 3, 4, 5) for _ in range(6)]
    rows += [(0, 0), (1, 0), *[(2, 0)] * 6, *[(2, 1)] * 5]
    sizes, lengths = (list(column) for column in zip(*rows, strict=True))
    kinds = [split.kind for split in make_splits(runs_at(sizes, lengths), 0) if split.kind not in INSIDE]
    assert kinds == ["longest", "largest", "compute"]
