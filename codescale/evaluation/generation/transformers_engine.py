"""Any other model, by transformers: its ``generate`` and its logits."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

from codescale.arrays import Array
from codescale.errors import UserError
from codescale.evaluation.generation.code_model import Finished
from codescale.evaluation.generation.engine import LOOK_EVERY, Engine
from codescale.evaluation.generation.sampling import next_tokens
from codescale.evaluation.generation.settings import Decoding
from codescale.training.model.hf_weights import weight_files


class TransformersEngine(Engine):
    """A :class:`~codescale.evaluation.generation.code_model.CodeModel` on a model of transformers.

    Parameters
    ----------
    model
        A causal language model of transformers.
    tokenizer, end, context
        Its tokenizer, the token that ends a text, and the most tokens of one.
    """

    def __init__(self, model: Any, tokenizer: Tokenizer, end: int, context: int) -> None:
        super().__init__(tokenizer, end, context)
        self._model = model.eval()

    @torch.inference_mode()
    def continuations(
        self, prompts: Sequence[Sequence[int]], decoding: Decoding, draws: Array, finished: Finished
    ) -> list[list[int]]:
        """As :meth:`CodeModel.continuations`, with the model's own cache and our choice of the next token: sampling by
        transformers keeps 50 tokens unless it is told otherwise, and draws a row by what shares its batch.
        """
        device = self._model.device
        tokens, starts = (one.to(device) for one in self._padded_left(prompts))
        mask = (torch.arange(tokens.shape[1], device=device) >= starts[:, None]).long()
        drawn = torch.from_numpy(draws).to(device)
        written: list[list[int]] = [[] for _ in prompts]
        done = [False] * len(prompts)
        # Newer versions call the cache so and warn of its old name, older ones know the old name only.
        cached = "cache" if "cache" in inspect.signature(self._model.forward).parameters else "past_key_values"
        cache, positions = None, (mask.cumsum(-1) - 1).clamp(min=0)
        for step in range(decoding.new_tokens):
            read = self._model(
                input_ids=tokens, attention_mask=mask, position_ids=positions, use_cache=True, **{cached: cache}
            )
            cache = read.past_key_values
            chosen = next_tokens(read.logits[:, -1].float(), decoding, drawn[:, step])
            for row, token in enumerate(chosen.tolist()):
                if not done[row]:
                    written[row].append(token)
                    done[row] = token == self._end
            if (step + 1) % LOOK_EVERY == 0:
                done = [gone or finished(row, written[row]) for row, gone in enumerate(done)]
            if all(done):
                break
            tokens, positions = chosen[:, None], positions[:, -1:] + 1
            mask = F.pad(mask, (0, 1), value=1)
        return self._without_end(written)

    @torch.inference_mode()
    def token_losses(self, texts: Sequence[Sequence[int]]) -> list[Array]:
        """As :meth:`CodeModel.token_losses`, of all texts in one batch."""
        tokens = self._padded_right(texts).to(self._model.device)
        logits = self._model(input_ids=tokens).logits[:, :-1].float()
        losses = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
        found = losses.view(len(texts), -1).double().cpu().numpy()
        return [found[row, : len(text) - 1] for row, text in enumerate(texts)]


def open_transformers(
    folder: Path, tokenizer: Tokenizer, end: int, context: int, device: torch.device
) -> TransformersEngine:
    """The model in ``folder``, in single precision, from safetensors alone; no code that comes with it is run.

    Raises :class:`UserError` where transformers does not open it.
    """
    from transformers import AutoModelForCausalLM

    weight_files(folder)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, trust_remote_code=False, dtype=torch.float32
        )
    except Exception as error:  # whatever a model's own class raises
        reason = " ".join(str(error).split())[:160]
        raise UserError(folder, f"transformers does not open it ({reason})", "name another model's folder") from None
    return TransformersEngine(model.to(device), tokenizer, end, context)
