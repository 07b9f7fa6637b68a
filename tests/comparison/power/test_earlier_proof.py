"""The noise of a proof that the study has had, and what the test text makes of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codescale.comparison.power.earlier_proof import earlier_proof_noise
from codescale.comparison.power.noise import DifferenceNoise
from codescale.search.objective.objective import Objective
from tests.comparison.documents.kept import keep
from tests.comparison.documents.planted import Effects, layout

OBJECTIVE = Objective.of({"python": 3.0, "java": 1.0}, 640)
TEXT = {"python": 40, "java": 40}


def noise(folder: Path, effects: Effects, mixtures: int = 6, seeds: int = 6) -> DifferenceNoise | None:
    records = keep(layout(effects, mixtures, seeds, TEXT, np.random.default_rng(0)), folder)
    listed = [one for runs in records.values() for one in runs]
    return earlier_proof_noise(listed, folder, OBJECTIVE, 1_000)


def test_deviation_correlation_and_the_texts_part_are_those_of_the_proof(tmp_path: Path) -> None:
    found = noise(tmp_path, Effects(0.05, 0.2, 0.3), mixtures=10, seeds=10)
    assert found
    assert found.text
    assert found.freedom == 81
    assert found.measured
    assert found.correlation is not None
    assert found.correlation > 0.9, "seeds are hard for all mixtures alike"
    assert set(found.text.variances) == {"python", "java"}
    assert found.text.variances["python"] == pytest.approx(9 * found.text.variances["java"], rel=0.6)
    more = found.on({name: 100 * read for name, read in found.text.read.items()})
    assert more.deviation == pytest.approx(2**0.5 * 0.05, rel=0.3)
    assert more.deviation < found.deviation
    assert found.on(found.text.read).deviation == pytest.approx(found.deviation)


def test_the_texts_part_is_never_more_than_there_is(tmp_path: Path) -> None:
    found = noise(tmp_path, Effects(0.0, 0.2, 0.3), mixtures=3, seeds=3)
    assert found
    assert found.text
    assert found.text.variance <= found.deviation**2 * (1 + 1e-9)


def test_without_a_text_part_more_text_changes_nothing(tmp_path: Path) -> None:
    found = noise(tmp_path, Effects(0.05, 0.2, 0.3))
    assert found
    bare = replace(found, text=None)
    assert bare.on({"python": 1, "java": 1}) == bare


def test_too_few_runs_or_another_scale_tell_nothing(tmp_path: Path) -> None:
    assert noise(tmp_path / "few", Effects(0.05, 0.2, 0.3), mixtures=2, seeds=4) is None
    records = keep(layout(Effects(0.1, 0.1, 0.1), 3, 3, TEXT, np.random.default_rng(0)), tmp_path)
    listed = [one for runs in records.values() for one in runs]
    assert earlier_proof_noise(listed, tmp_path, OBJECTIVE, 1_000) is not None
    assert earlier_proof_noise(listed, tmp_path, OBJECTIVE, 2_000) is None
    assert earlier_proof_noise(listed, tmp_path, Objective.of({"python": 1.0}, 1_280), 1_000) is None
    assert earlier_proof_noise(listed, tmp_path / "elsewhere", OBJECTIVE, 1_000) is None


def test_of_mixtures_with_other_seeds_the_largest_block_counts(tmp_path: Path) -> None:
    records = keep(layout(Effects(0.1, 0.1, 0.1), 5, 4, TEXT, np.random.default_rng(0)), tmp_path)
    listed = [one for role, runs in records.items() for one in (runs[:2] if role == "4" else runs)]
    found = earlier_proof_noise(listed, tmp_path, OBJECTIVE, 1_000)
    assert found
    assert found.freedom == 3 * 3
