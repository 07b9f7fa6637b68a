"""A training step: the same gradient however a batch is cut, and when a graph is compiled."""

from __future__ import annotations

import pytest
import torch

from codescale.study.training import Shape, TrainingSection
from codescale.training.loop import step as module
from codescale.training.loop.step import COMPILE_FLOPS, Stepper, should_compile
from codescale.training.model.llama import LanguageModel, initialise
from codescale.training.parallel import SingleProcess

SHAPE = Shape(hidden=16, layers=2, heads=2, intermediate=24)
VOCABULARY, CONTEXT, BATCH = 50, 12, 7
CPU, GPU = torch.device("cpu"), torch.device("cuda")


def stepped(**changes: object) -> tuple[Stepper, LanguageModel, list[tuple[float, float]]]:
    """Three steps of one model on the same batches; (loss, gradient norm) of each."""
    model = LanguageModel(SHAPE, VOCABULARY, CONTEXT)
    initialise(model, 0.2, 0)
    training = TrainingSection(**{"batch": BATCH, "context": CONTEXT, "optimizer": "adamw"} | changes)
    stepper = Stepper(model, training, 1.0, SingleProcess(CPU), 0.0)
    generator = torch.Generator().manual_seed(1)
    found = []
    for _ in range(3):
        result = stepper.step(torch.randint(0, VOCABULARY, (BATCH, CONTEXT + 1), generator=generator), 1.0)
        found.append((float(result.loss), float(result.gradient_norm)))
    return stepper, model, found


@pytest.mark.parametrize("changes", [{"micro_batch": 4}, {"micro_batch": 1}, {"checkpoint_activations": True}])
def test_a_step_is_the_same_however_it_is_cut_and_whatever_is_recomputed(changes: dict[str, object]) -> None:
    _, model, found = stepped()
    _, other, expected = stepped(**changes)
    assert found == [pytest.approx(pair, rel=1e-4) for pair in expected]
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter, other.get_parameter(name), atol=1e-5, rtol=0, msg=name)


def test_the_loss_of_a_step_is_that_before_its_update() -> None:
    model = LanguageModel(SHAPE, VOCABULARY, CONTEXT)
    initialise(model, 0.2, 0)
    text = torch.randint(0, VOCABULARY, (BATCH, CONTEXT + 1), generator=torch.Generator().manual_seed(1))
    assert stepped()[2][0][0] == pytest.approx(float(model(text).detach()), rel=1e-5)


@pytest.mark.parametrize(
    ("wanted", "device", "flops", "compiled"),
    [
        (False, GPU, 10 * COMPILE_FLOPS, False),
        (None, CPU, 10 * COMPILE_FLOPS, False),
        (None, GPU, 0.1 * COMPILE_FLOPS, False),
        (None, GPU, 10 * COMPILE_FLOPS, True),
        (True, CPU, 0.0, True),
    ],
)
def test_long_runs_on_a_gpu_are_compiled_and_what_is_asked_for(
    wanted: bool | None, device: torch.device, flops: float, compiled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.utils._triton.has_triton", lambda: True)
    monkeypatch.setattr(module.shutil, "which", lambda name: "/usr/bin/c++")
    assert should_compile(wanted, device, flops) is compiled


def test_nothing_is_compiled_without_a_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.utils._triton.has_triton", lambda: False)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    assert not should_compile(True, CPU, 1e30)
    assert not should_compile(True, GPU, 1e30)
