"""Opens a model for evaluation: a folder as transformers writes it, or the checkpoint of a run of ours.

Both are untrusted input: weights come from safetensors, and nothing is unpickled or imported from beside them.
"""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer

from codescale.corpus.model_tokenizer import model_tokenizer
from codescale.errors import UserError
from codescale.evaluation.generation.code_model import CodeModel
from codescale.evaluation.generation.own_engine import OwnEngine, open_own
from codescale.evaluation.generation.transformers_engine import open_transformers
from codescale.files import read_json
from codescale.study.training import Shape
from codescale.training.loop.checkpoint import read_tensors
from codescale.training.model.hf_config import CONFIGURATION, read_architecture
from codescale.training.model.llama import LanguageModel

_OURS = ("llama", "qwen2", "mistral")
_CONTEXTS = ("max_position_embeddings", "n_positions", "max_sequence_length")
_MOST_CONTEXT = 1 << 20
_HINT = "name a folder that save_pretrained or codescale train has written"


def this_device() -> torch.device:
    """A GPU where there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def open_model(folder: Path, device: torch.device | None = None, *, by_transformers: bool = False) -> CodeModel:
    """The model in ``folder``: of a family that ours equals in our engine, any other in transformers'.

    Parameters
    ----------
    folder
        With ``config.json``, safetensors weights and ``tokenizer.json``.
    device
        Where it computes; a GPU where there is one.
    by_transformers
        Takes transformers' engine for every family, to hold one beside the other.

    Raises
    ------
    UserError
        Where it is no model, has pickled weights only, or a tokenizer that does not fit it.
    """
    if not (folder / CONFIGURATION).is_file():
        raise UserError(folder, f"is no model: it has no {CONFIGURATION}", _HINT)
    content = read_json(folder / CONFIGURATION)
    if not isinstance(content, dict):
        raise UserError(folder / CONFIGURATION, "is no configuration of a model", _HINT)
    given = content.get("vocab_size")
    if not isinstance(given, int) or isinstance(given, bool):
        raise UserError(f"{folder / CONFIGURATION}, vocab_size", "is no count of tokens", _HINT)
    tokenizer, end = model_tokenizer(folder, given)
    found = next((content[name] for name in _CONTEXTS if isinstance(content.get(name), int)), 2048)
    context = max(2, min(found, _MOST_CONTEXT))
    device = device or this_device()
    if content.get("model_type") in _OURS and not by_transformers:
        return open_own(folder, read_architecture(folder), tokenizer, end, context, device)
    return open_transformers(folder, tokenizer, end, context, device)


def open_checkpoint(
    path: Path,
    shape: Shape,
    vocabulary: int,
    context: int,
    tokenizer: Tokenizer,
    end: int,
    device: torch.device | None = None,
) -> OwnEngine:
    """The model of a run's checkpoint ``path``, as far as the run is.

    Parameters
    ----------
    path
        A safetensors file of a study's ``checkpoints``.
    shape, vocabulary, context
        Of the run's model.
    tokenizer, end
        Of the corpus that it is trained on.
    device
        Where it computes; a GPU where there is one.

    Raises
    ------
    UserError
        Where it is no checkpoint of such a model.
    """
    model = LanguageModel(shape, vocabulary, context)
    tensors = {f"now/model/{name}": parameter for name, parameter in model.named_parameters()}
    try:
        read_tensors(path, tensors)
    except (SafetensorError, KeyError, RuntimeError, OSError) as error:
        reason = " ".join(str(error).split())[:120]
        raise UserError(path, f"is no checkpoint of this model ({reason})", "name one of the study's own") from None
    return OwnEngine(model.to(device or this_device()), tokenizer, end, context)
