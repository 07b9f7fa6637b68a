"""What a law claims of hold-outs is made without them: right where the world is as it thinks, and shown where not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from codescale.laws.fitting.calibration import (
    Calibration,
    calibrated,
    calibration,
    claims,
    expected_error,
    share_interval,
)
from codescale.laws.fitting.candidates import Candidate
from codescale.laws.fitting.holdout import INSIDE, Split, score
from codescale.laws.forms.registry import find_form
from codescale.laws.intervals import NORMAL_90
from codescale.laws.law import HeldOut
from codescale.laws.observations import Observations

SIZES, PER_SIZE, NOISE = (1e7, 3e7, 1e8), 200, 0.01
NO_SEEDS = np.zeros(2)


def world() -> Observations:
    """Three sizes, every row a trunk; all log losses are 0 but for what a test plants as residuals."""
    rows = len(SIZES) * PER_SIZE
    return Observations(
        path="planted",
        domains=("a", "b"),
        targets=("a", "b"),
        log_params=np.log(np.repeat(SIZES, PER_SIZE)),
        log_tokens=np.full(rows, np.log(1e9)),
        shares=np.tile([0.5, 0.5], (rows, 1)),
        log_losses=np.zeros((rows, 2)),
        trunk=np.arange(rows),
        usable=np.ones(rows, dtype=bool),
        unique_tokens=np.full((rows, 2), np.inf),
    )


def hold_outs(data: Observations, folds: int = 5) -> list[Split]:
    fold = np.arange(len(data)) % folds
    splits = [Split("mixtures", fold != k, fold == k) for k in range(folds)]
    for kind, least in (("largest", 5e7), ("longest", 2e7)):
        test = data.log_params > np.log(least)
        splits.append(Split(kind, ~test, test))
    return splits


def law_with(
    data: Observations, splits: Sequence[Split], residuals: list[np.ndarray], variances: list[np.ndarray] | None = None
) -> Candidate:
    """A law that predicts 1 nat everywhere and left these residuals on what was held out."""
    form = find_form("mean")
    return Candidate(
        name="planted",
        form=form,
        values=np.zeros((2, 1)),
        held_out_values=np.zeros((len(splits), 2, 1)),
        predicted=residuals,
        residuals=residuals,
        variances=variances or [np.zeros(one.shape) for one in residuals],
        held_out=score(form, data, list(splits), residuals),
        seconds=0.0,
    )


def planted(splits: Sequence[Split], scale: dict[str, float], seed: int = 0) -> list[np.ndarray]:
    """Normal residuals of NOISE, times ``scale`` of the kind."""
    generator = np.random.default_rng(seed)
    draws = [NOISE * generator.standard_normal((int(split.test.sum()), 2)) for split in splits]
    return [scale.get(split.kind, 1.0) * own for split, own in zip(splits, draws, strict=True)]


def of_kinds(
    data: Observations, splits: Sequence[Split], law: Candidate, kinds: Sequence[str], seeds: np.ndarray = NO_SEEDS
) -> Calibration:
    found = calibration(data, splits, law.residuals, claims(law, data, splits, seeds), kinds)
    assert found is not None
    return found


def test_a_law_of_a_world_that_is_as_it_thinks_holds_nine_in_ten_and_foretells_its_error() -> None:
    data = world()
    splits = hold_outs(data)
    law = law_with(data, splits, planted(splits, {}))
    found = of_kinds(data, splits, law, INSIDE)
    assert found.inside == pytest.approx(0.9, abs=0.025)
    assert found.low < 0.9 < found.high
    assert found.trunks == len(data)
    assert found.foretold == pytest.approx(NOISE * np.sqrt(2 / np.pi), rel=0.08)
    assert found.error == pytest.approx(found.foretold, rel=0.08)


def test_a_law_that_thinks_its_noise_three_times_too_small_is_shown_as_badly_calibrated() -> None:
    """With fewer than twenty held out besides, a law goes by its own residuals: these say a third of the truth."""
    data = world()
    data = data.rows(np.arange(0, len(data), 25))  # 24 rows: four folds of five leave 19
    data = replace(data, log_losses=NOISE / 3 * np.random.default_rng(1).standard_normal((len(data), 2)))
    splits = hold_outs(data)[:5]
    law = law_with(data, splits, planted(splits, {}))
    found = of_kinds(data, splits, law, INSIDE)
    assert found.high < 0.75
    assert found.foretold < 0.5 * found.error
    honest = replace(data, log_losses=3 * data.log_losses)
    assert of_kinds(honest, splits, law, INSIDE).inside > 0.8


def test_a_law_three_times_as_wrong_beyond_its_range_as_it_knows_is_shown_there_alone() -> None:
    data = world()
    splits = hold_outs(data)[:6]  # nothing else beyond the range tells it: its widening is the default
    law = law_with(data, splits, planted(splits, {"largest": 12.0}))
    assert of_kinds(data, splits, law, ("largest",)).high < 0.6
    assert of_kinds(data, splits, law, INSIDE).inside == pytest.approx(0.9, abs=0.03)


def test_the_rows_judged_say_nothing_about_their_own_intervals() -> None:
    data = world()
    splits = hold_outs(data)
    before = planted(splits, {})
    for k, split in enumerate(splits):
        spoilt = [
            np.where(split.test[other.test][:, None], 50.0 * own, own)
            for other, own in zip(splits, before, strict=True)
        ]
        first = claims(law_with(data, splits, before), data, splits, NO_SEEDS)[k]
        np.testing.assert_array_equal(claims(law_with(data, splits, spoilt), data, splits, NO_SEEDS)[k], first)
    other = claims(law_with(data, splits, [3.0 * own for own in before]), data, splits, NO_SEEDS)
    assert (other[0] > 2.5 * claims(law_with(data, splits, before), data, splits, NO_SEEDS)[0]).all()


def test_what_other_hold_outs_beyond_the_range_need_widens_and_what_a_process_does_not_know_adds() -> None:
    data = world()
    data = replace(data, log_tokens=np.log(np.tile([1e9, 2e9, 4e9, 8e9], len(data) // 4)))
    longest = data.log_tokens > np.log(5e9)
    splits = [*hold_outs(data)[:6], Split("longest", ~longest, longest)]
    narrow = claims(law_with(data, splits, planted(splits, {})), data, splits, NO_SEEDS)[5]
    wide = claims(law_with(data, splits, planted(splits, {"longest": 10.0})), data, splits, NO_SEEDS)[5]
    assert wide.min() > 2 * narrow.min()
    residuals = planted(splits, {})
    unsure = [
        np.full(one.shape, 0.05**2 * (split.kind == "largest")) for one, split in zip(residuals, splits, strict=True)
    ]
    told = claims(law_with(data, splits, residuals, unsure), data, splits, NO_SEEDS)[5]
    np.testing.assert_allclose(told, np.hypot(narrow, 0.05))


def test_what_seeds_change_is_in_the_claim_and_beyond_one_size_nothing_is_claimed() -> None:
    data = world()
    splits = hold_outs(data)
    law = law_with(data, splits, planted(splits, {}))
    alone, with_seeds = (claims(law, data, splits, np.full(2, seeds))[0] for seeds in (0.0, 0.03))
    np.testing.assert_allclose(with_seeds, np.hypot(alone, 0.03))
    assert np.isnan(claims(law, data, splits, NO_SEEDS)[6]).all()  # trained on the smallest size alone
    judged = calibrated(law, data, splits, NO_SEEDS)
    assert judged is not None
    assert set(judged.splits) == {"mixtures", "largest", "longest"}
    assert set(judged.inside) == set(judged.foretold) == set(judged.trunks) == {"mixtures", "largest"}
    assert judged.trunks == {"mixtures": 3 * PER_SIZE, "largest": PER_SIZE}
    assert law.held_out is not None
    assert judged.error == law.held_out.error


def test_a_trunk_counts_once_and_what_was_not_measured_not_at_all() -> None:
    data = replace(world(), trunk=np.arange(600) // 10)
    splits = hold_outs(data)[:1]
    residuals = [np.where(np.arange(120)[:, None] < 60, [0.1, np.nan], [np.nan, np.nan])]
    found = calibration(data, splits, residuals, [np.full((120, 2), 0.05)], INSIDE)
    assert found is not None
    assert found.trunks == 30
    assert found.inside == 0.0
    assert found.error == pytest.approx(np.expm1(0.1))
    assert calibration(data, splits, residuals, [np.full((120, 2), np.nan)], INSIDE) is None
    assert calibration(data, splits, residuals, [np.full((120, 2), 0.05)], ("both",)) is None


def test_the_error_foretold_is_the_mean_of_many_draws() -> None:
    draws = np.abs(np.expm1(0.4 * np.random.default_rng(0).standard_normal(400_000))).mean()
    assert expected_error(np.array([0.4]))[0] == pytest.approx(draws, rel=0.005)


def test_wilsons_interval_by_hand() -> None:
    low, high = share_interval(0.8, 10)
    for end in (low, high):  # the ends are where the share is 1.645 deviations away
        assert abs(0.8 - end) / np.sqrt(end * (1 - end) / 10) == pytest.approx(NORMAL_90)
    assert share_interval(1.0, 10)[1] == 1.0


def test_files_of_before_have_no_claims() -> None:
    assert HeldOut.model_validate({"error": 0.1, "splits": {"runs": 0.1}, "targets": {}}).inside == {}
