"""Synergy that a law foretells: by hand from the truth that made the runs, and what cannot be told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codescale.errors import UserError
from codescale.laws.fitting.fit import fit_law
from codescale.laws.repetition import PUBLISHED
from codescale.laws.synergy.predicted import law_synergy
from tests.laws.synthetic_runs import SIZES, make_truth, study_table

pytestmark = pytest.mark.filterwarnings("ignore::codescale.laws.warning.LawWarning")


def test_gains_are_those_of_the_truth(tmp_path: Path) -> None:
    table, truth = study_table(tmp_path, noise=0.001), make_truth(3)
    found = law_synergy(fit_law(table, "effective-data", bootstrap=40, workers=1), SIZES[1], 3e5)
    twice = 1.5e5 * (1 - PUBLISHED * np.expm1(-1 / PUBLISHED))
    for i in range(3):
        base = truth.losses(SIZES[1], twice, np.eye(3)[i])[i]
        for j in range(3):
            if i == j:
                assert found.gain[i, i] == 0
                assert not found.differs_from_zero[i, i]
                continue
            half = 0.5 * (np.eye(3)[i] + np.eye(3)[j])
            expected = 1 - truth.losses(SIZES[1], 3e5, half)[i] / base
            assert found.gain[i, j] == pytest.approx(expected, abs=0.004)
            assert found.low[i, j] <= found.gain[i, j] <= found.high[i, j]
    assert found.differs_from_zero.sum() >= 4


def test_without_samples_nothing_differs_and_one_language_has_no_partner(tmp_path: Path) -> None:
    table = study_table(tmp_path)
    law = fit_law(table, "additive", bootstrap=0, workers=1)
    found = law_synergy(law, SIZES[1], 3e5)
    assert not found.differs_from_zero.any()
    assert np.isnan(found.low).all()
    with pytest.raises(UserError, match="fewer than two domains that are targets"):
        law_synergy(law.model_copy(update={"targets": ("l0",)}), SIZES[1], 3e5)
