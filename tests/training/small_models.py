"""Small models as transformers writes them, with a tokenizer of their own: what a study may start from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

END = "<|end|>"
BEGIN = "<|begin|>"
VOCABULARY = 320
"""Rows of the embedding: more than the tokenizer has tokens, as in many published models."""

SETTINGS: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
    "eos_token_id": 0,
    "bos_token_id": 1,
}

GROUPED_AND_TIED: dict[str, Any] = {
    "num_key_value_heads": 2,
    "head_dim": 12,
    "tie_word_embeddings": True,
    "rms_norm_eps": 1e-5,
    "rope_parameters": {"rope_type": "linear", "rope_theta": 500_000.0, "factor": 2.0},
}


def llama(seed: int = 0, **changes: Any) -> torch.nn.Module:
    """A LLaMA with weights large enough that every part of it matters."""
    from transformers import LlamaConfig, LlamaForCausalLM

    return _shaken(LlamaForCausalLM(LlamaConfig(**(SETTINGS | changes))), seed)


def qwen2(seed: int = 0, **changes: Any) -> torch.nn.Module:
    """A Qwen2, which has biases on queries, keys and values."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    settings = SETTINGS | {"num_key_value_heads": 2, "rope_parameters": {"rope_type": "default", "rope_theta": 1e6}}
    return _shaken(Qwen2ForCausalLM(Qwen2Config(**(settings | changes))), seed)


def _shaken(model: torch.nn.Module, seed: int) -> torch.nn.Module:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator) * 0.2
            parameter.copy_(1 + noise if "norm" in name else noise)
    return model


def write_model(folder: Path, model: torch.nn.Module | None = None, **saving: Any) -> Path:
    """``model`` (None: a grouped and tied LLaMA) and a tokenizer that begins every text with a token, in ``folder``."""
    (model or llama(**GROUPED_AND_TIED)).save_pretrained(folder, **saving)  # type: ignore[operator]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=[END, BEGIN],
        show_progress=False,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
    )
    tokenizer.train_from_iterator(["def value(count):\n    return count + 1\n"] * 3, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{BEGIN} $A", special_tokens=[(BEGIN, 1)])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"eos_token": END}))
    return folder
