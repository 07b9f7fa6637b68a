"""Prefetching: on a GPU, batches are made and sent while the model computes.

On a CPU a batch is made when it is asked for: it takes a hundredth of a step, and a second thread would only take a
core from the model.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

AHEAD = 4
"""Batches that are made or on their way while one is trained on."""


class Rows(Protocol):
    """The batches of a run, or of a pack of runs."""

    def rows(self, step: int, rows: range) -> NDArray[np.int64]:
        """Those ``rows`` of the batch of ``step``: (rows, context + 1) token ids, or (K, rows, context + 1)."""
        ...


def batches_of(batches: Rows, steps: range, rows: range, device: torch.device) -> Iterator[Tensor]:
    """This worker's part of each batch.

    Parameters
    ----------
    batches
        Of a run, or of a pack.
    steps
        Whose batches are wanted, in order.
    rows
        This worker's rows of a batch.
    device
        Where the tensors go.

    Yields
    ------
    Tensor
        Token ids (rows, context + 1), or (K, rows, context + 1) for a pack.
    """
    if device.type == "cpu":
        for step in steps:
            yield torch.from_numpy(batches.rows(step, rows))
        return
    yield from prefetched(batches, steps, rows, device)


def prefetched(batches: Rows, steps: range, rows: range, device: torch.device) -> Iterator[Tensor]:
    """As :func:`batches_of`, made by another thread ``AHEAD`` batches early. What it raises is raised here."""

    def make(step: int) -> Tensor:
        made = torch.from_numpy(batches.rows(step, rows))
        return made.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else made.to(device)

    with ThreadPoolExecutor(1, thread_name_prefix="batches") as thread:
        waiting = deque(thread.submit(make, step) for step in steps[:AHEAD])
        for step in steps:
            batch = waiting.popleft().result()
            if step + AHEAD * steps.step < steps.stop:
                waiting.append(thread.submit(make, step + AHEAD * steps.step))
            yield batch
