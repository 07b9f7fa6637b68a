"""How near translations are to references as text.

BLEU on code says little by itself: sacrebleu's tokenizer ``13a`` is made for English. It splits at punctuation but not
at an underscore or within ``camelCase``, keeps no line ends and no indentation, so that Python without its indentation
scores 100. Therefore execution stands first in every table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics.bleu import BLEU


@dataclass(frozen=True)
class Bleu:
    """``score`` of all texts together, from 0 to 100, and sacrebleu's ``signature``, which says how."""

    score: float
    signature: str


def corpus_bleu(texts: Sequence[str], references: Sequence[str]) -> Bleu:
    """BLEU of ``texts``, each against its reference (Papineni et al. 2002; sacrebleu: Post 2018, arXiv 1804.08771)."""
    measure = BLEU(tokenize="13a")
    score = measure.corpus_score(list(texts), [list(references)])
    return Bleu(score=float(score.score), signature=str(measure.get_signature()))


def exact_match(text: str, reference: str) -> bool:
    """Whether both are the same but for blanks at the ends of lines and empty lines at the end."""
    return _bare(text) == _bare(reference)


def _bare(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.rstrip().splitlines())
