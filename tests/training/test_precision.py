"""Which floating-point type is computed in: what a study asks for, else what suits the device."""

from __future__ import annotations

import pytest
import torch

from codescale.training.precision import muon_precision, precision_of


@pytest.mark.parametrize(
    ("wanted", "device", "expected"),
    [
        (None, "cpu", torch.float32),
        (None, "cuda", torch.bfloat16),
        ("bfloat16", "cpu", torch.bfloat16),
        ("float32", "cuda", torch.float32),
    ],
)
def test_what_is_asked_for_comes_before_the_device(wanted: str | None, device: str, expected: torch.dtype) -> None:
    assert precision_of(wanted, torch.device(device)) is expected  # type: ignore[arg-type]
    assert muon_precision(wanted, device) is expected  # type: ignore[arg-type]
