"""The model is transformers' LLaMA: the same weights give the same loss; so does the lean cross-entropy."""

import torch
from torch.nn import functional as F

from codescale.study import Shape
from codescale.training.cross_entropy import cross_entropy
from codescale.training.flops import forward_flops_per_token
from codescale.training.model import LanguageModel, initialise
from codescale.training.optimizers import orthogonalise

SHAPE = Shape(hidden=32, layers=2, heads=4, intermediate=48)


def test_loss_and_gradients_equal_those_of_transformers() -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    model = LanguageModel(SHAPE, vocabulary=100, context=24)
    initialise(model, 0.3, seed=1)
    theirs = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=100, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=24, rms_norm_eps=1e-6, tie_word_embeddings=False, attn_implementation="sdpa",
        )
    )  # fmt: skip
    theirs.load_state_dict(model.state_dict())
    tokens = torch.randint(0, 100, (3, 25), generator=torch.Generator().manual_seed(0))
    ours = model(tokens)
    logits = theirs(tokens[:, :-1]).logits
    reference = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    assert abs(ours.item() - reference.item()) < 1e-5
    labelled = theirs(input_ids=tokens[:, :-1], labels=tokens[:, :-1]).loss
    inner = F.cross_entropy(model.logits(tokens[:, :-1])[:, :-1].flatten(0, 1), tokens[:, 1:-1].flatten())
    assert abs(labelled.item() - inner.item()) < 1e-5
    ours.backward()
    reference.backward()
    other = dict(theirs.named_parameters())
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, other[name].grad, atol=1e-5, rtol=1e-4)


def test_the_count_of_parameters_is_that_of_the_model_without_embeddings() -> None:
    model = LanguageModel(SHAPE, vocabulary=100, context=24)
    counted = sum(p.numel() for name, p in model.named_parameters() if "embed" not in name and "lm_head" not in name)
    assert counted == SHAPE.n_params


def test_cross_entropy_and_its_gradient_are_torchs() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = (torch.randn(50, 30, generator=generator) * 20).requires_grad_()
    targets = torch.randint(0, 30, (50,), generator=generator)
    ours = cross_entropy(logits, targets)
    (gradient,) = torch.autograd.grad(ours * 3, logits)
    reference = F.cross_entropy(logits, targets)
    (expected,) = torch.autograd.grad(reference * 3, logits)
    torch.testing.assert_close(ours, reference)
    torch.testing.assert_close(gradient, expected)


def test_orthogonalise_pushes_singular_values_towards_one_for_wide_and_tall_matrices() -> None:
    generator = torch.Generator().manual_seed(0)
    for shape in ((3, 16, 40), (3, 40, 16)):
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape, generator=generator)))
        assert 0.6 < float(values.min()) < float(values.max()) < 1.3


def test_forward_flops_are_those_that_torch_counts() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    model = LanguageModel(SHAPE, vocabulary=100, context=24)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.logits(torch.zeros(1, 24, dtype=torch.int64))
    # torch counts the matrix products but not the fused attention of CPUs, which is ours to add.
    causal_attention = 24 * SHAPE.layers * 4 * SHAPE.hidden * 24 / 2
    assert counter.get_total_flops() + causal_attention == 24 * forward_flops_per_token(SHAPE, 100, 24)
