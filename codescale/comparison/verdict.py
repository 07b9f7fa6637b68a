"""What the comparison's figures say, in one sentence that claims no more than they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codescale.comparison.result import PairedDifference
from codescale.organisation import PAIRED, SHUFFLED, Organisation


def beats(difference: PairedDifference) -> bool | None:
    """Whether a mixture's loss minus uniform's is below 0 (True), above it (False), or not told from it (None)."""
    if difference.high is not None and difference.high < 0:
        return True
    return False if _worse(difference) else None


def harmed_languages(losses: Mapping[str, PairedDifference]) -> list[str]:
    """The languages whose loss is higher than under uniform by more than the interval of the difference."""
    return [language for language, difference in losses.items() if _worse(difference)]


def _worse(difference: PairedDifference) -> bool:
    return difference.low is not None and difference.low > 0


def _figures(difference: PairedDifference, against: str, seeds: int) -> str:
    return (
        f"{difference.mean:+.4f} nats per token{against} (90 % interval {difference.low:+.4f} to "
        f"{difference.high:+.4f}, {seeds} seeds, test split)"
    )


def _names(languages: Sequence[str], labels: Mapping[str, str]) -> str:
    return ", ".join(labels.get(language, language) for language in languages)


def nothing_found(seeds: int) -> str:
    """The verdict where the best mixture that was trained is the uniform one itself."""
    return (
        "A null result: of all mixtures that were trained none did better than uniform on the validation split, so the "
        f"measured best is uniform itself ({seeds} seeds, test split)."
    )


def statement(difference: PairedDifference, harmed: Sequence[str], seeds: int, labels: Mapping[str, str]) -> str:
    """The verdict on the measured best mixture.

    Parameters
    ----------
    difference
        Its objective minus uniform's on the test split (nats per token).
    harmed
        The languages whose loss is higher beyond the noise.
    seeds
        How many seeds each mixture has.
    labels
        What a person reads for each language.
    """
    figures = _figures(difference, "", seeds)
    match beats(difference):
        case True:
            first = f"The measured best mixture beats uniform: {figures}."
        case False:
            first = f"The measured best mixture is worse than uniform: {figures}."
        case None:
            first = f"A null result: the measured best mixture cannot be told from uniform: {figures}."
    if harmed:
        return f"{first} It harms {_names(harmed, labels)}: higher loss than under uniform beyond the noise."
    return f"{first} No language is harmed beyond the noise."


def of_two_things(measured: Organisation, uniform: Organisation) -> str:
    """What the verdict has to add where the two mixtures' data was organised differently; empty where it was not."""
    if measured == uniform:
        return ""
    stood = {SHUFFLED: "apart", PAIRED: "in one document"}
    return (
        f" Translations stood {stood[measured]} under the measured best and {stood[uniform]} under uniform: the "
        "difference is of mixture and organisation together."
    )


def at_scale(difference: PairedDifference, seeds: int, times: float, same_order: float | None) -> str:
    """The verdict on the measured best mixture at a larger scale.

    Parameters
    ----------
    difference
        Its objective minus uniform's there, on the test split (nats per token).
    seeds
        How many seeds each mixture has.
    times
        How many times the trials' N the larger one is.
    same_order
        The mixtures' rank correlation (:func:`codescale.comparison.scales.rank_correlation`).
    """
    figures = _figures(difference, " against uniform", seeds)
    match beats(difference):
        case True:
            first = f"At {times:.1f} times the search's N the optimum holds: {figures}."
        case False:
            first = f"At {times:.1f} times the search's N the optimum does not hold: {figures}."
        case None:
            first = f"At {times:.1f} times the search's N the measured best cannot be told from uniform: {figures}."
    if same_order is None:
        return first
    return f"{first} The mixtures' rank correlation between the two scales is {same_order:.2f}."
