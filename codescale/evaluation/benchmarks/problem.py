"""A problem of HumanEval's or MultiPL-E's kind: a prompt, and tests that a program has to pass."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """``prompt``, a completion and ``tests`` make a program in ``language`` that ends well where the completion is
    right; ``stops`` are texts at which a completion ends.
    """

    name: str
    language: str
    prompt: str
    tests: str
    stops: tuple[str, ...]
