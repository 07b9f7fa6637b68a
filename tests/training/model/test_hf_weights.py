"""A model to start from: equal to transformers' own in every part, or refused in one line."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from codescale.errors import UserError
from codescale.training.model.hf_config import Architecture, configuration, read_architecture
from codescale.training.model.hf_export import write_model as export_model
from codescale.training.model.hf_weights import check_weights, load_weights
from codescale.training.model.llama import LanguageModel
from tests.training.small_models import GROUPED_AND_TIED, VOCABULARY, llama, qwen2, write_model

CONTEXT = 24


def opened(folder: Path) -> tuple[LanguageModel, Architecture]:
    found = read_architecture(folder)
    check_weights(folder, found)
    model = LanguageModel(found.shape, found.vocabulary, CONTEXT)
    load_weights(model, folder)
    return model, found


def tokens() -> torch.Tensor:
    return torch.randint(0, VOCABULARY, (3, CONTEXT), generator=torch.Generator().manual_seed(0))


def their_loss(model: torch.nn.Module) -> float:
    with torch.no_grad():
        return float(model(input_ids=tokens(), labels=tokens()).loss)


MODELS = {
    "plain": llama,
    "grouped, tied, own head width, scaled positions": lambda: llama(**GROUPED_AND_TIED),
    "biases everywhere in attention": lambda: llama(attention_bias=True),
    "qwen2": qwen2,
    "qwen2, tied": lambda: qwen2(tie_word_embeddings=True),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("document_end", [None, 0])
def test_loss_equals_transformers_before_and_after_export(name: str, document_end: int | None, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    theirs = MODELS[name]()
    folder = write_model(tmp_path / "model", theirs)
    model, found = opened(folder)
    model.document_end = document_end
    text = tokens().clamp(min=1)  # no document ends, so that attention within documents is that to all
    with torch.no_grad():
        expected = float(theirs(input_ids=text, labels=text).loss)
        assert float(model(text)) == pytest.approx(expected, abs=1e-5)
    counted = sum(p.numel() for n, p in model.named_parameters() if "embed" not in n and "lm_head" not in n)
    assert counted == found.shape.n_params

    (tmp_path / "exported").mkdir()
    weights = dict(model.named_parameters())
    export_model(tmp_path / "exported", weights, found.shape, CONTEXT, 0, folder / "tokenizer.json")
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "exported")
    assert type(again) is type(theirs)
    assert their_loss(again) == pytest.approx(their_loss(theirs), abs=1e-5)
    tokenizers = [AutoTokenizer.from_pretrained(one) for one in (folder, tmp_path / "exported")]
    assert tokenizers[0]("def value")["input_ids"] == tokenizers[1]("def value")["input_ids"]
    once, twice = found.shape, read_architecture(tmp_path / "exported").shape
    assert configuration(twice, VOCABULARY, CONTEXT, 0) == configuration(once, VOCABULARY, CONTEXT, 0)


def test_gradients_equal_transformers_where_keys_are_shared_and_logits_tied(tmp_path: Path) -> None:
    theirs = llama(**GROUPED_AND_TIED)
    model, _ = opened(write_model(tmp_path, theirs))
    model(tokens()).backward()
    theirs(input_ids=tokens(), labels=tokens()).loss.backward()
    other = dict(theirs.named_parameters())
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, other[name].grad, atol=1e-5, rtol=1e-4)


def test_weights_in_shards_and_in_half_precision_are_read(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    folder = write_model(tmp_path, qwen2().to(torch.bfloat16), max_shard_size="30KB")
    assert len(list(folder.glob("*.safetensors"))) > 2
    model, _ = opened(folder)
    assert model.lm_head.weight.dtype is torch.float32
    theirs = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert model(tokens()).item() == pytest.approx(their_loss(theirs), abs=1e-5)


def test_a_pickle_is_refused_and_never_opened(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    folder = write_model(tmp_path / "model")
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(UserError, match=r"pytorch_model.bin: is a pickle, which is never opened.*convert it"):
        opened(folder)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "gpt2"}, "config.json, model_type: is 'gpt2', where llama, qwen2 or mistral is wanted; start"),
        ({"hidden_act": "gelu"}, "hidden_act: is gelu"),
        ({"mlp_bias": True}, "mlp_bias: is true"),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 4.0}}, "rope_scaling: is of type yarn"),
        ({"rope_parameters": None, "rope_scaling": {"type": "dynamic", "factor": 2}}, "scaling: is of type dynamic"),
        ({"model_type": "mistral", "sliding_window": 16}, "sliding_window: limits attention"),
        ({"model_type": "mistral"}, "sliding_window: limits attention"),
        ({"model_type": "qwen2", "use_sliding_window": True}, "sliding_window: limits attention"),
        ({"hidden_size": 33, "head_dim": None}, "config.json: hidden must be an even multiple of heads"),
        ({"num_attention_heads": "many"}, "config.json, num_attention_heads: is 'many', where a whole number"),
        ({"num_key_value_heads": 3}, "heads must be a multiple of key_value_heads"),
        ({"num_hidden_layers": 10**15}, r"has no weight model.layers.2.\S+, which its configuration asks for"),
        ({"intermediate_size": 50}, r"is F32 of shape \[48, 32\] instead of .* of shape \[50, 32\]"),
        ({"num_hidden_layers": 1}, r"has a weight model.layers.1.\S+ that this model has no place for"),
    ],
)
def test_a_model_that_ours_would_not_equal_is_refused_in_one_line(
    change: dict[str, Any], message: str, tmp_path: Path
) -> None:
    folder = write_model(tmp_path)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match=message) as refused:
        opened(folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ({"weight_map": {"model.norm.weight": "../secret.safetensors"}}, "which is no safetensors file beside it"),
        ({"weight_map": {"model.norm.weight": "gone.safetensors"}}, "gone.safetensors: is missing"),
        ({"weight_map": {"model.norm.weight": "tokenizer.json"}}, "which is no safetensors file beside it"),
        ({}, "has no weight_map"),
        ([], "has no weight_map"),
    ],
)
def test_a_broken_index_is_refused(index: Any, message: str, tmp_path: Path) -> None:
    folder = write_model(tmp_path)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=message):
        opened(folder)


def test_a_truncated_file_and_an_empty_folder_are_refused(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(UserError, match="is not a readable safetensors file"):
        opened(folder)
    path.unlink()
    with pytest.raises(UserError, match=r"holds neither model.safetensors nor"):
        opened(folder)
    (folder / "config.json").unlink()
    with pytest.raises(UserError, match=r"config.json: no such file"):
        opened(folder)
