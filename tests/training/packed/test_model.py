"""A pack's losses and gradients are those of its models alone, and those that ``vmap`` gives; steps are theirs too."""

from __future__ import annotations

import warnings

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from codescale.study.training import Shape
from codescale.training.model.llama import LanguageModel, initialise
from codescale.training.packed.model import PackedLinear, PackedModel
from tests.training.packed.packed_models import CONTEXT, SHAPE, VOCABULARY, models, sequences


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
