"""comparison.json: what is written is what is read, key for key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM
from codescale.comparison.result import (
    BaselineVerdict,
    ComparedMixture,
    ComparisonResult,
    ComparisonVerdict,
    JudgedSplit,
    MixtureDifference,
    ScaleComparison,
)
from codescale.comparison.scales import both_scales
from codescale.comparison.statistics import summary
from tests.comparison.differences import difference


def scale() -> ScaleComparison:
    split = JudgedSplit(objective=summary([1.0, 2.0, 3.5]), losses={"java": summary([1.0, 2.0, 3.0])})
    mixture = ComparedMixture(
        proportions={"java": 1.0}, hyper={}, organisation="shuffled", predicted=None, validation=split, measured=split
    )
    changed = MixtureDifference(objective=difference(-0.2, -0.1), losses={"java": difference(-0.1, 0.1)})
    return ScaleComparison(
        n_params=800,
        n_tokens=100,
        split="test",
        level=0.9,
        seeds=(1, 2, 3),
        weights={"java": 1.0},
        corpus_id="c",
        mixtures=dict.fromkeys((UNIFORM, PREDICTED, MEASURED), mixture),
        differences={PREDICTED: changed, MEASURED: changed},
        measured_minus_predicted=changed,
        baselines={UNIFORM: BaselineVerdict(difference=changed, better=0.01, worse=0.99, beats=True)},
        verdict=ComparisonVerdict(statement="said", beats_uniform=True, predicted_beats_uniform=None, harmed=()),
    )


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    told = both_scales(scale(), scale(), proxy=100)
    told.write(tmp_path / "comparison.json")
    assert ComparisonResult.read(tmp_path / "comparison.json", "") == told


def test_a_key_is_there_at_the_scale_that_has_it_alone() -> None:
    alone = both_scales(scale(), None, proxy=100).content()
    assert list(alone)[-1] == "larger"
    assert alone["larger"] is None
    assert list(alone["verdict"]) == ["statement", "beats_uniform", "predicted_beats_uniform", "harmed"]
    assert "bits_per_byte" not in alone["mixtures"][UNIFORM]["validation"]
    larger = both_scales(scale(), scale(), proxy=100).content()["larger"]
    assert "larger" not in larger
    assert list(larger["verdict"])[-3:] == ["holds", "times_the_search", "rank_correlation"]
    assert larger["verdict"]["rank_correlation"] is None, "one mixture has no order"


def test_an_unknown_key_is_refused_when_made_and_left_out_when_read(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="surprise"):
        ComparisonVerdict(statement="said", surprise=1)  # type: ignore[call-arg]
    content = both_scales(scale(), None, proxy=100).content() | {"surprise": 1}
    (tmp_path / "comparison.json").write_text(json.dumps(content))
    assert "surprise" not in ComparisonResult.read(tmp_path / "comparison.json", "").content()
