"""What the documents add to ``comparison.json``, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping

from codescale.comparison.documents.layout import DocumentLayout
from codescale.comparison.documents.text_noise import ProofNoise, TextNoise
from codescale.comparison.result import BaselineVerdict, TextShare, TextShares

UNKNOWN = (
    "What the test text does to the differences is not known: not all runs of the proof kept what two documents or "
    "more of each language cost on one text (runs of earlier versions kept none)."
)


def with_crossed(
    verdicts: Mapping[str, BaselineVerdict], layout: DocumentLayout, role: str, weights: Mapping[str, float]
) -> dict[str, BaselineVerdict]:
    """``verdicts`` on the mixture of ``role`` against baselines, by word, with the difference over other seeds and
    documents. ``weights``: of the objective, summing to 1.
    """
    return {
        word: one.model_copy(update={"crossed": layout.difference(role, word, weights)})
        for word, one in verdicts.items()
    }


def text_shares(noise: ProofNoise) -> TextShares:
    """``noise`` as it is written."""
    return TextShares(
        degrees_of_freedom=noise.objective.freedom,
        objective=_share(noise.objective),
        losses={name: _share(one) for name, one in noise.languages.items()},
    )


def _share(one: TextNoise) -> TextShare:
    return TextShare(
        deviation=one.variance**0.5,
        share=one.share,
        without=(one.variance * (1.0 - one.share)) ** 0.5,
        documents=one.documents,
        tokens=one.tokens,
    )


def of_documents(verdict: BaselineVerdict, text: TextShares | None) -> str:
    """What is said of other documents than those of the test split, after the verdict; empty where nothing is known."""
    if verdict.crossed is None:
        return ""
    one = verdict.crossed.objective
    said = (
        f" Over other documents of the same source too ({one.documents:,} were read): {one.low:+.4f} to {one.high:+.4f}"
    )
    if verdict.beats is not None and one.low <= 0 <= one.high:
        said += ", so that other text may tell otherwise"
    if text is None:
        return f"{said}."
    return f"{said}; of the variance between seeds {100 * text.objective.share:.0f} % is the test text's."
