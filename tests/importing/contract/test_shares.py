"""Shares: what rounding explains is scaled, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codescale.errors import UserError
from codescale.importing.contract.shares import shares_of
from codescale.importing.readers.source_table import SourceTable


def table(rows: list[list[float]]) -> tuple[SourceTable, dict[str, str]]:
    names = [f"p{k}" for k in range(len(rows[0]))]
    cells = {name: [row[k] for row in rows] for k, name in enumerate(names)}
    return SourceTable(Path("mix.csv"), cells, len(rows)), {name: name for name in names}


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=12), st.integers(1, 6))
def test_any_mixture_rounded_to_any_digits_is_scaled_to_one(parts: list[int], digits: int) -> None:
    rounded = [round(part / sum(parts), digits) for part in parts]
    if sum(rounded) == 0:
        return
    shares, _ = shares_of(*table([rounded]), scaled=False)
    assert shares.sum() == pytest.approx(1, abs=1e-6)
    assert np.abs(shares[0] - rounded).max() <= len(parts) * 10.0**-digits


@pytest.mark.parametrize("row", [[0.5, 0.4], [0.2, 0.7], [0.167, 0.166, 0.665], [33.3, 33.3, 33.4], [2.0, 0.0], [1, 1]])
def test_what_rounding_does_not_explain_is_refused_by_row(row: list[float]) -> None:
    other = [1.0] + [0.0] * (len(row) - 1)
    with pytest.raises(UserError, match=r"mix\.csv, row 2: the shares sum to .*weights_are_scaled: true"):
        shares_of(*table([other, row]), scaled=False)
    assert shares_of(*table([other, row]), scaled=True)[0][1].sum() == pytest.approx(1)


@pytest.mark.parametrize("row", [[0.12] * 8, [0.3, 0.8], [0.33, 0.33, 0.33], [0.1429] * 7])
def test_halves_are_rounded_up_or_to_even_digits(row: list[float]) -> None:
    assert shares_of(*table([row]), scaled=False)[0].sum() == pytest.approx(1)


@pytest.mark.parametrize("value", [-0.1, np.inf])
def test_what_is_no_share_is_named(value: float) -> None:
    with pytest.raises(UserError, match=r"mix\.csv, row 1, p1: .* is not a share"):
        shares_of(*table([[1.0, value]]), scaled=True)
