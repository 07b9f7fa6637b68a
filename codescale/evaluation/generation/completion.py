"""Texts that continue prompts, from any model: long prompts cut to the context, batches of like lengths, stops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from codescale.evaluation.generation.code_model import CodeModel
from codescale.evaluation.generation.sampling import row_draws
from codescale.evaluation.generation.settings import Decoding

BATCH = 32
"""Prompts in a batch where nothing else is said."""


@dataclass(frozen=True)
class Request:
    """``samples`` continuations of ``prompt``, each up to the first of the texts ``stops``, which it does not hold."""

    prompt: str
    stops: tuple[str, ...] = ()
    samples: int = 1


@dataclass(frozen=True)
class _Row:
    request: int
    sample: int
    tokens: tuple[int, ...]


def complete(
    model: CodeModel,
    requests: Sequence[Request],
    decoding: Decoding,
    *,
    seed: int = 0,
    batch: int = BATCH,
    advance: Callable[[float], None] = lambda amount: None,
) -> list[tuple[str, ...]]:
    """The continuations of each of ``requests``.

    A text, prompt and continuation, never outgrows the model's context: of a prompt that leaves too little the
    beginning is cut off, and at most half of the context is written. Greedy continuations are worked out once and
    repeated.

    Parameters
    ----------
    model
        Writes them.
    requests
        What is asked for.
    decoding
        How.
    seed
        Of what is drawn; a continuation depends on it, its prompt and its number alone.
    batch
        Rows at a time.
    advance
        Is told how many continuations have come.
    """
    decoding = replace(decoding, new_tokens=max(1, min(decoding.new_tokens, model.context // 2)))
    encoded = model.tokenizer.encode_batch([request.prompt for request in requests])
    room = max(1, model.context - decoding.new_tokens)
    rows = [
        _Row(number, sample, tuple(text.ids[-room:]) or (model.end,))
        for number, (request, text) in enumerate(zip(requests, encoded, strict=True))
        for sample in range(1 if decoding.greedy else request.samples)
    ]
    rows.sort(key=lambda row: (-len(row.tokens), row.request, row.sample))
    texts: dict[tuple[int, int], str] = {}
    for part in (rows[k : k + batch] for k in range(0, len(rows), batch)):
        texts |= {(row.request, row.sample): text for row, text in _batch(model, part, requests, decoding, seed)}
        advance(sum(requests[row.request].samples if decoding.greedy else 1 for row in part))
    return [
        tuple(texts[number, 0 if decoding.greedy else sample] for sample in range(request.samples))
        for number, request in enumerate(requests)
    ]


def _batch(
    model: CodeModel, rows: Sequence[_Row], requests: Sequence[Request], decoding: Decoding, seed: int
) -> Iterator[tuple[_Row, str]]:
    count = 1 if decoding.greedy else decoding.new_tokens
    draws = np.stack([row_draws(seed, requests[row.request].prompt, row.sample, count) for row in rows])
    draws = np.broadcast_to(draws, (len(rows), decoding.new_tokens)).copy()

    def finished(row: int, tokens: Sequence[int]) -> bool:
        return _stopped(_text(model, rows[row].tokens, tokens), requests[rows[row].request].stops) is not None

    new = model.continuations([row.tokens for row in rows], decoding, draws, finished)
    for row, tokens in zip(rows, new, strict=True):
        text = _text(model, row.tokens, tokens)
        yield row, text[: _stopped(text, requests[row.request].stops)]


def _text(model: CodeModel, prompt: Sequence[int], tokens: Sequence[int]) -> str:
    """What ``tokens`` add to ``prompt``: some tokenizers read a token otherwise at the beginning of a text."""
    tail = list(prompt[-4:])
    before, whole = model.tokenizer.decode_batch([tail, [*tail, *tokens]])
    return whole[len(before) :] if whole.startswith(before) else model.tokenizer.decode(list(tokens))


def _stopped(text: str, stops: Sequence[str]) -> int | None:
    """Where the first of ``stops`` begins in ``text``; None: nowhere."""
    return min((place for stop in stops if (place := text.find(stop)) >= 0), default=None)
