"""A pack's optimizers: their state, and clipping."""

from __future__ import annotations

import torch

from codescale.study.training import TrainingSection
from codescale.training.optim.optimizers import Optimizers
from codescale.training.packed.model import PackedModel
from codescale.training.packed.optimizers import PackedOptimizers, clip_gradients
from tests.training.packed.packed_models import models


def test_optimizers_keep_the_same_state_as_the_lone_ones() -> None:
    pack = PackedModel(models())
    packed = PackedOptimizers(pack, [TrainingSection()] * 3, [1.0] * 3).tensors()
    alone = Optimizers(models()[0], TrainingSection()).tensors()
    assert packed.keys() == alone.keys()
    assert all(packed[name].shape in ((3, *alone[name].shape), ()) for name in alone)


def test_each_gradient_is_clipped_by_its_own_norm() -> None:
    parameters = [torch.zeros(2, 3, requires_grad=True), torch.zeros(2, 2, 2, requires_grad=True)]
    parameters[0].grad = torch.tensor([[3.0, 0.0, 0.0], [0.3, 0.0, 0.0]])
    parameters[1].grad = torch.tensor([[[4.0, 0.0], [0.0, 0.0]], [[0.4, 0.0], [0.0, 0.0]]])
    norms = clip_gradients(parameters, torch.tensor([1.0, 1.0]))
    torch.testing.assert_close(norms, torch.tensor([5.0, 0.5]))
    torch.testing.assert_close(parameters[0].grad[:, 0], torch.tensor([0.6, 0.3]))
    torch.testing.assert_close(parameters[1].grad[:, 0, 0], torch.tensor([0.8, 0.4]))
