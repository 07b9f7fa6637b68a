"""Counted FLOPs are those that torch counts."""

import pytest
import torch

from codescale.study.training import Shape
from codescale.training.flops import forward_flops_per_token
from codescale.training.model.llama import LanguageModel

SHAPE = Shape(hidden=32, layers=2, heads=4, intermediate=48)


@pytest.mark.parametrize("changes", [{}, {"key_value_heads": 2, "head_dim": 12, "tied": True}])
def test_forward_flops_are_those_that_torch_counts(changes: dict) -> None:
    from torch.utils.flop_counter import FlopCounterMode

    shape = Shape(**(SHAPE.model_dump() | changes))
    model = LanguageModel(shape, vocabulary=100, context=24)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.logits(torch.zeros(1, 24, dtype=torch.int64))
    # torch counts the matrix products but not the fused attention of CPUs, which is ours to add.
    causal_attention = 24 * shape.layers * 4 * shape.heads * shape.head_width * 24 / 2
    assert counter.get_total_flops() + causal_attention == 24 * forward_flops_per_token(shape, 100, 24)
