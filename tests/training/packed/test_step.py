"""A pack's steps are those of each model alone."""

from __future__ import annotations

import pytest
import torch

from codescale.study.training import TrainingSection
from codescale.training.loop.step import Stepper
from codescale.training.packed.model import PackedModel
from codescale.training.packed.step import PackedStepper
from codescale.training.parallel import SingleProcess
from tests.training.packed.packed_models import RATES, models, sequences


def test_a_model_that_is_not_finite_stays_alone_with_it() -> None:
    alone = models()
    with torch.no_grad():
        alone[1].model.layers[0].mlp.up_proj.weight[0, 0] = float("nan")
    pack = PackedModel(alone)
    stepper = PackedStepper(pack, [TrainingSection()] * 3, [1.0] * 3, 0.0)
    result = stepper.step(sequences(), 1.0)
    assert torch.isfinite(result.loss).tolist() == [True, False, True]
    assert torch.isfinite(result.gradient_norm).tolist() == [True, False, True]
    for name, parameter in pack.named_parameters():
        assert torch.isfinite(parameter[0::2]).all(), name


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
@pytest.mark.parametrize("micro_batch", [None, 3])
def test_steps_are_those_of_each_model_alone(optimizer: str, micro_batch: int | None) -> None:
    shared = {"optimizer": optimizer, "batch": 4, "micro_batch": micro_batch}
    trainings = [TrainingSection.model_validate(shared | own) for own in RATES]
    factors = [1.0, 0.7, 1.3]
    alone = models()
    pack = PackedModel(alone)
    together = PackedStepper(pack, trainings, factors, 0.0)
    steppers = [
        Stepper(model, training, factor, SingleProcess(torch.device("cpu")), 0.0)
        for model, training, factor in zip(alone, trainings, factors, strict=True)
    ]
    for step in range(10):
        batch = sequences(seed=step)
        rate = min(1.0, (step + 1) / 3)
        result = together.step(batch, rate)
        for k, stepper in enumerate(steppers):
            expected = stepper.step(batch[k], rate)
            torch.testing.assert_close(result.loss[k], expected.loss, atol=1e-5, rtol=0)
            torch.testing.assert_close(result.gradient_norm[k], expected.gradient_norm, atol=1e-4, rtol=1e-4)
    for k, model in enumerate(alone):
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(pack.get_parameter(name)[k], parameter, atol=1e-4, rtol=1e-4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("bfloat16", 2e-2)])
@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
def test_on_a_gpu_steps_are_those_of_each_model_alone(optimizer: str, precision: str, tolerance: float) -> None:
    device = torch.device("cuda")
    shared = {"optimizer": optimizer, "precision": precision, "muon_precision": precision, "compile": False}
    trainings = [TrainingSection.model_validate(shared | own) for own in RATES]
    alone = [model.to(device) for model in models()]
    together = PackedStepper(PackedModel(alone).to(device), trainings, [1.0] * 3, 0.0)
    steppers = [
        Stepper(model, training, 1.0, SingleProcess(device), 0.0)
        for model, training in zip(alone, trainings, strict=True)
    ]
    for step in range(10):
        batch = sequences(seed=step).to(device)
        losses = together.step(batch, 1.0).loss
        for k, stepper in enumerate(steppers):
            torch.testing.assert_close(losses[k], stepper.step(batch[k], 1.0).loss, atol=tolerance, rtol=0)
