"""The model is transformers' LLaMA: the same weights give the same loss; so does the lean cross-entropy."""

import pytest
import torch
from torch.nn import functional as F

from codescale.study.training import Shape
from codescale.training.model.llama import LanguageModel, initialise

SHAPE = Shape(hidden=32, layers=2, heads=4, intermediate=48)


def test_loss_and_gradients_equal_those_of_transformers() -> None:
    from transformers import LlamaConfig, LlamaForCausalLM

    model = LanguageModel(SHAPE, vocabulary=100, context=24)
    initialise(model, 0.3, seed=1)
    theirs = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=100,
            hidden_size=32,
            intermediate_size=48,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=24,
            rms_norm_eps=1e-6,
            tie_word_embeddings=False,
            attn_implementation="sdpa",
        )
    )
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


def test_attention_within_documents_is_that_of_documents_on_their_own() -> None:
    """Rotary positions are relative, so a document in the middle of a sequence is one at its beginning."""
    shape = Shape(hidden=32, layers=2, heads=4, intermediate=48, key_value_heads=2)
    packed = LanguageModel(shape, vocabulary=100, context=24, document_end=7)
    initialise(packed, 0.3, seed=1)
    alone = LanguageModel(shape, vocabulary=100, context=24)
    alone.load_state_dict(packed.state_dict())
    generator = torch.Generator().manual_seed(0)
    documents = [
        [torch.randint(8, 100, (length,), generator=generator) for length in lengths]
        for lengths in ((4, 9, 8), (11, 1, 9))
    ]
    end = torch.tensor([7])
    tokens = torch.stack([torch.cat([part for one in row for part in (one, end)]) for row in documents])
    assert tokens.shape == (2, 24)
    together = packed.logits(tokens)
    for row, sequence in enumerate(documents):
        begin = 0
        for document in sequence:
            whole = torch.cat((document, end))[None]
            part = together[row, begin : begin + whole.shape[1]]
            torch.testing.assert_close(part, alone.logits(whole)[0], atol=1e-5, rtol=1e-5)
            begin += whole.shape[1]
    assert (together - alone.logits(tokens)).abs().max() > 0.1


def test_no_mask_is_made_where_attention_goes_over_the_whole_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a mask was made")

    monkeypatch.setattr("codescale.training.model.llama.within_documents", refuse)
    LanguageModel(SHAPE, vocabulary=100, context=24)(torch.zeros(1, 25, dtype=torch.int64))


def test_biases_begin_at_nothing_and_norms_at_one() -> None:
    model = LanguageModel(SHAPE.model_copy(update={"attention_bias": "all", "tied": True}), vocabulary=100, context=24)
    initialise(model, 0.3, seed=1)
    assert not model.model.layers[0].self_attn.o_proj.bias.any()
    assert bool((model.model.norm.weight == 1).all())
    assert model.lm_head.weight is model.model.embed_tokens.weight


def test_the_count_of_parameters_is_that_of_the_model_without_embeddings() -> None:
    model = LanguageModel(SHAPE, vocabulary=100, context=24)
    counted = sum(p.numel() for name, p in model.named_parameters() if "embed" not in name and "lm_head" not in name)
    assert counted == SHAPE.n_params
