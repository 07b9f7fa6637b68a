"""A pack's losses and gradients are those of its models alone, and those that ``vmap`` gives; steps are theirs too."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from codescale.study.training import Shape, TrainingSection
from codescale.training.loop.step import Stepper
from codescale.training.model.llama import LanguageModel, initialise
from codescale.training.optim.optimizers import Optimizers
from codescale.training.packed.model import PackedLinear, PackedModel
from codescale.training.packed.optimizers import PackedOptimizers, clip_gradients
from codescale.training.packed.step import PackedStepper
from codescale.training.parallel import SingleProcess

SHAPE = Shape(hidden=16, layers=2, heads=2, intermediate=24)
VOCABULARY, CONTEXT = 50, 12
RATES = ({"adamw_learning_rate": 0.02}, {"gradient_clip": 0.05}, {"weight_decay": 0.3, "muon_learning_rate": 0.005})


def models(document_end: int | None = None) -> list[LanguageModel]:
    made = [LanguageModel(SHAPE, VOCABULARY, CONTEXT, document_end) for _ in RATES]
    for seed, model in enumerate(made):
        initialise(model, 0.2, seed)
    return made


def sequences(batch: int = 4, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, VOCABULARY, (len(RATES), batch, CONTEXT + 1), generator=generator)


@pytest.mark.parametrize("document_end", [None, 3])
def test_losses_and_gradients_are_those_of_each_model_alone(document_end: int | None) -> None:
    alone = models(document_end)
    pack = PackedModel(alone)
    losses = pack(sequences())
    losses.sum().backward()
    for k, model in enumerate(alone):
        loss = model(sequences()[k])
        loss.backward()
        torch.testing.assert_close(losses[k], loss, atol=1e-6, rtol=0)
        for name, parameter in model.named_parameters():
            torch.testing.assert_close(pack.get_parameter(name).grad[k], parameter.grad, atol=1e-6, rtol=1e-5)


def test_losses_and_gradients_are_those_of_vmap() -> None:
    alone = models()
    weights, buffers = stack_module_state(alone)
    lone = Logits()

    def loss_of(own_weights: dict[str, Tensor], own_buffers: dict[str, Tensor], tokens: Tensor) -> Tensor:
        logits = functional_call(lone, (own_weights, own_buffers), (tokens[:, :-1],))
        return torch.nn.functional.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that attention has no batching rule and is slow: it is the oracle only
        gradients, expected = vmap(grad_and_value(loss_of))(weights, buffers, sequences())
    pack = PackedModel(alone)
    losses = pack(sequences())
    losses.sum().backward()
    torch.testing.assert_close(losses, expected, atol=1e-6, rtol=0)
    for name, parameter in pack.named_parameters():
        torch.testing.assert_close(parameter.grad, gradients[name], atol=1e-6, rtol=1e-5)


class Logits(LanguageModel):
    """The lone model's logits as a module's forward, for ``functional_call``."""

    def __init__(self) -> None:
        super().__init__(SHAPE, VOCABULARY, CONTEXT)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.logits(tokens)


def test_one_text_for_all_of_them() -> None:
    alone = models()
    with torch.no_grad():
        losses = PackedModel(alone)(sequences()[0])
        expected = torch.stack([model(sequences()[0]) for model in alone])
    torch.testing.assert_close(losses, expected, atol=1e-6, rtol=0)


def test_a_member_taken_out_is_the_lone_model() -> None:
    alone = models()
    taken = LanguageModel(SHAPE, VOCABULARY, CONTEXT)
    taken.load_state_dict(PackedModel(alone).member(1))
    for name, parameter in alone[1].named_parameters():
        assert torch.equal(taken.get_parameter(name), parameter)


def test_a_pack_has_the_shape_of_its_models_in_every_part() -> None:
    """Shared keys, tied logits, biases, and an epsilon of the norms that is felt."""
    shape = Shape(
        hidden=16,
        layers=2,
        heads=4,
        key_value_heads=2,
        intermediate=24,
        tied=True,
        attention_bias="all",
        norm_epsilon=0.1,
        rope_theta=500.0,
    )
    members = [LanguageModel(shape, VOCABULARY, CONTEXT) for _ in range(3)]
    for seed, member in enumerate(members):
        initialise(member, 0.3, seed)
    shared = sequences()[0]
    packed = PackedModel(members)
    torch.testing.assert_close(packed(shared), torch.stack([member(shared) for member in members]))
    assert packed.lm_head.weight is packed.model.embed_tokens.weight


def test_biases_are_each_model_s_own() -> None:
    alone = torch.nn.Linear(5, 7)
    packed = PackedLinear(alone, 3)
    with torch.no_grad():
        packed.bias.copy_(torch.randn(3, 7))
    x = torch.randn(6, 4, 5)
    expected = x @ alone.weight.T + packed.bias.repeat_interleave(2, dim=0)[:, None]
    torch.testing.assert_close(packed(x), expected)


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
