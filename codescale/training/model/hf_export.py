"""A trained model as a folder that transformers opens with ``from_pretrained``: configuration, weights, tokenizer."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from codescale.errors import UserError
from codescale.files import write_json, writing
from codescale.study.training import Shape
from codescale.training.model.hf_config import CONFIGURATION, configuration

WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"


def write_model(
    folder: Path, weights: Mapping[str, Tensor], shape: Shape, context: int, document_end: int, tokenizer: Path | None
) -> None:
    """Writes a model as transformers reads it.

    Parameters
    ----------
    folder
        Where it goes; the folder exists.
    weights
        By :class:`LanguageModel`'s names, whole and each one once (those of tied logits are the embedding's).
    shape, context, document_end
        As :func:`~codescale.training.model.hf_config.configuration`.
    tokenizer
        A ``tokenizer.json`` to go with it; None: none.
    """
    tensors = {name: tensor.detach().cpu().float().contiguous() for name, tensor in weights.items()}
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    vocabulary = len(tensors["model.embed_tokens.weight"])
    write_json(folder / CONFIGURATION, configuration(shape, vocabulary, context, document_end))
    write_json(folder / "generation_config.json", {"eos_token_id": document_end})
    if tokenizer is not None:
        shutil.copyfile(tokenizer, folder / TOKENIZER)
        write_json(folder / "tokenizer_config.json", _tokenizer_configuration(tokenizer, context, document_end))


def _tokenizer_configuration(tokenizer: Path, context: int, document_end: int) -> dict[str, Any]:
    added = json.loads(tokenizer.read_text(encoding="utf-8")).get("added_tokens", [])
    end = next((token["content"] for token in added if token["id"] == document_end), None)
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": context,
        "eos_token": end,
        "clean_up_tokenization_spaces": False,
    }


def put_in_place(made: Path, output: Path) -> None:
    """Copies the folder ``made`` to ``output`` so that it is there whole or not at all; an earlier model is replaced.

    Raises
    ------
    UserError
        Where something else than a model stands there, and where the disk refuses.
    """
    if output.exists() and not (output / CONFIGURATION).is_file() and (output.is_file() or any(output.iterdir())):
        raise UserError(output, "exists and is not a model", "name another folder, or an empty one")
    beside = output.with_name(f".{output.name}.part")
    with writing(output):
        output.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(beside, ignore_errors=True)
        shutil.copytree(made, beside)
        shutil.rmtree(output, ignore_errors=True)
        beside.rename(output)
