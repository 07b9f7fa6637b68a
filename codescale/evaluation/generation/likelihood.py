"""What a text costs a model, given what stands before it: for bits per byte, and for which of two texts it prefers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from codescale.evaluation.generation.code_model import CodeModel


@dataclass(frozen=True)
class Continued:
    """``text`` after ``prompt``."""

    prompt: str
    text: str


def continuation_nats(
    model: CodeModel,
    continued: Sequence[Continued],
    *,
    batch: int = 16,
    advance: Callable[[float], None] = lambda amount: None,
) -> list[float]:
    """Nats of each text, summed over its tokens.

    Longer than the context, prompt and text are read in windows that overlap by half, so that every token is given at
    least half a context of what stands before it, where there is so much.

    Parameters
    ----------
    model
        The model.
    continued
        The texts; token ids are those of prompt and text by themselves, so that two texts have one prompt's tokens.
    batch
        Windows at a time.
    advance
        Is told how many windows were read.
    """
    windows: list[tuple[int, tuple[int, ...], int]] = []  # text, tokens, how many of the last ones count
    for number, one in enumerate(continued):
        prompt = [model.end, *model.tokenizer.encode(one.prompt).ids]
        text = model.tokenizer.encode(one.text, add_special_tokens=False).ids
        windows += [(number, tokens, counted) for tokens, counted in _windows(prompt, text, model.context)]
    sums = np.zeros(len(continued))
    windows.sort(key=lambda window: len(window[1]))
    for part in (windows[k : k + batch] for k in range(0, len(windows), batch)):
        losses = model.token_losses([tokens for _, tokens, _ in part])
        for (number, _, counted), found in zip(part, losses, strict=True):
            sums[number] += found[-counted:].sum() if counted else 0.0
        advance(len(part))
    return [float(nats) for nats in sums]


def _windows(prompt: Sequence[int], text: Sequence[int], context: int) -> list[tuple[tuple[int, ...], int]]:
    tokens, begin = [*prompt, *text], len(prompt)
    found = []
    while begin < len(tokens):
        stop = len(tokens) if len(tokens) <= context else min(len(tokens), max(begin + context // 2, context))
        found.append((tuple(tokens[max(0, stop - context) : stop]), stop - begin))
        begin = stop
    return found
