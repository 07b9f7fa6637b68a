"""Batches made ahead are the same batches in the same order; what goes wrong with one is raised where it is used."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from codescale.training.data.prefetch import AHEAD, batches_of, prefetched


class Numbered:
    """Batches of two rows that hold their step and row; the one of step ``broken`` cannot be made."""

    def __init__(self, broken: int = -1) -> None:
        self.broken = broken
        self.made: list[int] = []

    def rows(self, step: int, rows: range) -> NDArray[np.int64]:
        if step == self.broken:
            raise ValueError("a broken shard")
        self.made.append(step)
        return np.array([[step, row] for row in rows], dtype=np.int64)


@pytest.mark.parametrize("steps", [range(0), range(3, 4), range(2, 2 + AHEAD), range(3 * AHEAD)])
def test_batches_made_ahead_are_those_made_when_asked_for(steps: range) -> None:
    device, rows = torch.device("cpu"), range(1, 3)
    expected = [batch.tolist() for batch in batches_of(Numbered(), steps, rows, device)]
    assert expected == [[[step, row] for row in rows] for step in steps]
    assert [batch.tolist() for batch in prefetched(Numbered(), steps, rows, device)] == expected


def test_no_more_are_made_ahead_than_allowed() -> None:
    batches = Numbered()
    for step, _ in enumerate(prefetched(batches, range(3 * AHEAD), range(1), torch.device("cpu"))):
        assert max(batches.made) <= step + AHEAD
    assert batches.made == list(range(3 * AHEAD))


def test_what_a_batch_raises_is_raised_at_its_step() -> None:
    found = prefetched(Numbered(broken=2), range(10), range(1), torch.device("cpu"))
    assert [int(next(found)[0, 0]) for _ in range(2)] == [0, 1]
    with pytest.raises(ValueError, match="a broken shard"):
        next(found)
