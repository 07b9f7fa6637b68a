"""A model's ``config.json``: read into a :class:`Shape` that our model can have, or refused; and written from one.

It is untrusted input: parsed as plain JSON and checked field by field; code that it names is never fetched or run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.errors import UserError
from codescale.files import read_json
from codescale.study.training import Shape
from codescale.validation import checked

CONFIGURATION = "config.json"

FAMILY = "start from a model of the LLaMA, Mistral or Qwen2 family"
"""The hint for a model that is none of them."""


class _Rope(BaseModel):
    """Rotary positions as transformers has written them since version 5, and ``rope_scaling`` before."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    rope_type: str | None = None
    type: str | None = None
    rope_theta: float | None = Field(default=None, gt=0)
    factor: float | None = Field(default=None, ge=1)


class _Configuration(BaseModel):
    """The fields of ``config.json`` that decide what the model computes. Others, such as dropout, are not for us."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    model_type: Literal["llama", "qwen2", "mistral"]
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    num_key_value_heads: int | None = None
    head_dim: int | None = None
    vocab_size: int = Field(gt=0)
    hidden_act: str = "silu"
    rms_norm_eps: float = 1e-6
    rope_theta: float | None = None
    rope_scaling: _Rope | None = None
    rope_parameters: _Rope | None = None
    sliding_window: int | None = None
    use_sliding_window: bool | None = None
    attention_bias: bool = False
    mlp_bias: bool = False
    tie_word_embeddings: bool = False
    eos_token_id: int | list[int] | None = None


@dataclass(frozen=True)
class Architecture:
    """What a configuration says: the shape, the rows of the embedding, and the token that ends a text (None: it does
    not say).
    """

    shape: Shape
    vocabulary: int
    end: int | None


def read_architecture(folder: Path) -> Architecture:
    """What the model in ``folder`` is.

    Raises
    ------
    UserError
        For a configuration that is missing or broken, or one of a model that ours would not equal.
    """
    path = folder / CONFIGURATION
    found = checked(TypeAdapter(_Configuration), read_json(path), path, FAMILY)
    _refuse_unsupported(path, found)
    shape = checked(TypeAdapter(Shape), _shape(found), path, FAMILY)
    ends = found.eos_token_id if isinstance(found.eos_token_id, list) else [found.eos_token_id]
    return Architecture(shape, found.vocab_size, next(iter(ends), None))


def _refuse_unsupported(path: Path, found: _Configuration) -> None:
    scaling = found.rope_parameters or found.rope_scaling or _Rope()
    kind = scaling.rope_type or scaling.type or "default"
    # Qwen2 names a window that it only uses when told to; Mistral has one unless it says that it has none.
    says_none = "sliding_window" in found.model_fields_set and found.sliding_window is None
    windowed = {"qwen2": found.use_sliding_window, "mistral": not says_none}.get(found.model_type, False)
    grouped = found.model_type != "llama" and found.num_key_value_heads is None
    different = {
        "num_key_value_heads": grouped and "is missing",
        "hidden_act": found.hidden_act != "silu" and f"is {found.hidden_act}; this model has silu only",
        "mlp_bias": found.mlp_bias and "is true; this model has no biases in its feed-forward layers",
        "sliding_window": windowed and "limits attention; this model attends to the whole sequence",
        "rope_scaling": kind not in ("default", "linear") and f"is of type {kind}; this model knows linear only",
    }
    for field, problem in different.items():
        if problem:
            raise UserError(f"{path}, {field}", problem.replace(";", ","), FAMILY)


def _shape(found: _Configuration) -> dict[str, Any]:
    rope = found.rope_parameters or found.rope_scaling or _Rope()
    biased: Literal["none", "qkv", "all"] = "all" if found.attention_bias else "none"
    linear = (rope.rope_type or rope.type) == "linear"
    return {
        "hidden": found.hidden_size,
        "layers": found.num_hidden_layers,
        "heads": found.num_attention_heads,
        "intermediate": found.intermediate_size,
        "key_value_heads": found.num_key_value_heads,
        "head_dim": found.head_dim,
        "tied": found.tie_word_embeddings,
        "attention_bias": "qkv" if found.model_type == "qwen2" else biased,
        "rope_theta": rope.rope_theta or found.rope_theta or 10_000.0,
        "rope_factor": (rope.factor or 1.0) if linear else 1.0,
        "norm_epsilon": found.rms_norm_eps,
    }


def configuration(shape: Shape, vocabulary: int, context: int, document_end: int) -> dict[str, Any]:
    """What transformers needs to know of our model: a LLaMA's configuration, or Qwen2's where queries, keys and values
    alone have biases.

    Parameters
    ----------
    shape, vocabulary
        Of the model.
    context
        The longest sequence that it was trained on, in tokens.
    document_end
        The token that ends a text.
    """
    qwen = shape.attention_bias == "qkv"
    rope: dict[str, Any] = {"rope_type": "default", "rope_theta": shape.rope_theta}
    if shape.rope_factor > 1:
        rope |= {"rope_type": "linear", "factor": shape.rope_factor}
    content: dict[str, Any] = {
        "architectures": ["Qwen2ForCausalLM" if qwen else "LlamaForCausalLM"],
        "model_type": "qwen2" if qwen else "llama",
        "vocab_size": vocabulary,
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.key_heads,
        "head_dim": shape.head_width,
        "hidden_act": "silu",
        "max_position_embeddings": context,
        "rms_norm_eps": shape.norm_epsilon,
        "rope_theta": shape.rope_theta,
        "tie_word_embeddings": shape.tied,
        "eos_token_id": document_end,
        "bos_token_id": None,
        "dtype": "float32",
    }
    # Versions before 5 read rope_theta and rope_scaling, later ones rope_parameters as well.
    if shape.rope_factor > 1:
        content["rope_scaling"] = rope
    return content | ({"use_sliding_window": False} if qwen else _llama_biases(shape))


def _llama_biases(shape: Shape) -> dict[str, bool]:
    return {"attention_bias": shape.attention_bias == "all", "mlp_bias": False}
