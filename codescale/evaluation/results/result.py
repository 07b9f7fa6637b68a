"""``evaluation.json``: what models do on held-out programs and translations, and which differences can be told."""

from __future__ import annotations

from typing import Literal

from codescale.artifact import Artifact, Interval

Word = Literal["improved", "harmed", "cannot be told"]

Measure = Literal["pass", "compiled", "preferred", "bits_per_byte"]
"""Of a language, by which models are held beside each other: pass@k at the smallest k, the share of samples that
compile, the share of mutants that cost more than their reference, and what references cost.
"""

TranslationMeasure = Literal["correct", "compiled", "exact"]
"""Of a direction: shares of programs."""


class LanguageScores(Artifact):
    """One model in one language. ``passed`` is by k; what needs a toolchain is absent where there was none.
    ``problems``: by file and k.
    """

    passed: dict[str, Interval] = {}
    compiled: Interval | None = None
    preferred: Interval | None = None
    bits_per_byte: Interval
    problems: dict[str, dict[str, Interval]] = {}


class DirectionScores(Artifact):
    """One model's translations in one direction; ``seen`` where the pivot of pairing is one of its languages."""

    seen: bool
    bleu: float
    exact: Interval
    compiled: Interval | None = None
    correct: Interval | None = None


class ModelScores(Artifact):
    """``role``: what it was trained on, as the comparison calls it, or its own name; ``seed`` of its training."""

    role: str
    seed: int | None = None
    model: str
    languages: dict[str, LanguageScores]
    directions: dict[str, DirectionScores] = {}


class Judged(Artifact):
    """The mean difference of two roles, over seeds and programs; the p values that it lies beyond the margin on either
    side, adjusted (Holm), and what may be said.
    """

    value: float
    low: float | None
    high: float | None
    improved: float
    harmed: float
    verdict: Word


class Contrast(Artifact):
    """``role`` against ``reference``: by measure and language, and by measure and direction."""

    role: str
    reference: str
    languages: dict[Measure, dict[str, Judged]]
    directions: dict[TranslationMeasure, dict[str, Judged]] = {}


class EvaluationResult(Artifact):
    """``evaluation.json``. ``missing``: by language why it was not run; ``signature``: of sacrebleu's BLEU."""

    level: float
    margin: float
    margin_bits: float
    samples: int
    k: tuple[int, ...]
    temperature: float
    top_p: float
    new_tokens: int
    seed: int
    programs: int
    pivot: str
    sandbox: str
    toolchains: dict[str, str]
    missing: dict[str, str] = {}
    signature: str = ""
    models: dict[str, ModelScores]
    contrasts: tuple[Contrast, ...] = ()
