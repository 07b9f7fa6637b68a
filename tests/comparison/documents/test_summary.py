"""What is said of other documents after the verdict."""

from __future__ import annotations

from typing import Any

from codescale.comparison.documents.summary import of_documents
from codescale.comparison.result import (
    BaselineVerdict,
    CrossedDifference,
    CrossedDifferences,
    MixtureDifference,
    PairedDifference,
    TextShare,
    TextShares,
)


def verdict(beats: bool | None, **crossed: float) -> BaselineVerdict:
    parts: dict[str, Any] = dict.fromkeys(("of_seeds", "of_documents", "residual"), 0.0)
    one = CrossedDifference(mean=-0.02, standard_error=0.01, degrees_of_freedom=4, documents=1_200, **parts, **crossed)
    return BaselineVerdict(
        difference=MixtureDifference(objective=PairedDifference(mean=-0.02)),
        better=0.01,
        worse=0.99,
        beats=beats,
        crossed=CrossedDifferences(objective=one),
    )


def test_the_wider_interval_and_the_texts_part_are_said() -> None:
    share = TextShare(deviation=0.02, share=0.25, without=0.017, documents=1_200, tokens=90_000)
    text = TextShares(degrees_of_freedom=4, objective=share)
    said = of_documents(verdict(True, low=-0.03, high=-0.01), text)
    assert said == (
        " Over other documents of the same source too (1,200 were read): -0.0300 to -0.0100; of the variance between "
        "seeds 25 % is the test text's."
    )
    assert of_documents(verdict(True, low=-0.03, high=-0.01), None).endswith("-0.0100.")


def test_what_other_text_may_tell_otherwise_is_said_so() -> None:
    assert "other text may tell otherwise" in of_documents(verdict(True, low=-0.05, high=0.01), None)
    assert "otherwise" not in of_documents(verdict(None, low=-0.05, high=0.01), None)
    bare = verdict(True, low=-0.05, high=0.01).model_copy(update={"crossed": None})
    assert of_documents(bare, None) == ""
