"""What the comparison's figures say, in sentences that claim no more than they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codescale.comparison.baselines import listed
from codescale.comparison.result import BaselineVerdict, Harm, HarmWord, PairedDifference
from codescale.mixtures.no_harm import NoHarmRule
from codescale.organisation import PAIRED, SHUFFLED, Organisation


def beats(difference: PairedDifference) -> bool | None:
    """Whether a mixture's loss minus uniform's is below 0 (True), above it (False), or not told from it (None)."""
    if difference.high is not None and difference.high < 0:
        return True
    return False if _worse(difference) else None


def _worse(difference: PairedDifference) -> bool:
    return difference.low is not None and difference.low > 0


def _figures(difference: PairedDifference, against: str, seeds: int) -> str:
    return (
        f"{difference.mean:+.4f} nats per token{against} (90 % interval {difference.low:+.4f} to "
        f"{difference.high:+.4f}, {seeds} seeds, test split)"
    )


def _names(languages: Sequence[str], labels: Mapping[str, str]) -> str:
    return ", ".join(labels.get(language, language) for language in languages)


def nothing_found(seeds: int, yardstick: str) -> str:
    """The verdict where the best mixture that was trained is the yardstick itself."""
    return (
        f"A null result: of all mixtures that were trained none did better than {yardstick} on the validation split, "
        f"so the measured best is {yardstick} itself ({seeds} seeds, test split)."
    )


def statement(verdicts: Mapping[str, BaselineVerdict], yardstick: str, named: bool, seeds: int) -> str:
    """The verdict on the measured best mixture.

    Parameters
    ----------
    verdicts
        By baseline, with the correction for their number.
    yardstick
        The baseline of the first sentence.
    named
        Whether it was named beforehand rather than chosen on validation.
    seeds
        How many seeds each mixture has.
    """
    own, others = verdicts[yardstick], {word: one for word, one in verdicts.items() if word != yardstick}
    how = "named beforehand" if named else f"the best of {len(verdicts)} baselines on validation"
    against = f"{yardstick} ({how})" if others else yardstick
    figures = _figures(own.difference.objective, "", seeds)
    match own.beats:
        case True:
            first = f"The measured best mixture beats {against}: {figures}."
        case False:
            first = f"The measured best mixture is worse than {against}: {figures}."
        case None:
            first = f"A null result: the measured best mixture cannot be told from {against}: {figures}."
    distinct = len({one.difference.objective for one in verdicts.values()})
    return f"{first} {_others(others, distinct)}" if others else first


def _others(verdicts: Mapping[str, BaselineVerdict], distinct: int) -> str:
    """What is said of the baselines that are not the yardstick; ``distinct``: how many mixtures they all are."""
    words: list[tuple[bool | None, str]] = [(True, "beats"), (False, "is worse than"), (None, "cannot be told from")]
    told = [
        f"{verb} {listed(same)}"
        for beats_it, verb in words
        if (same := [word for word, one in verdicts.items() if one.beats is beats_it])
    ]
    how = f"Holm's correction for {distinct} mixtures" if distinct > 1 else "the same mixture"
    return f"It {', '.join(told)} ({how})."


def of_harm(harm: Harm, rule: NoHarmRule | None, labels: Mapping[str, str]) -> str:
    """What is said of single languages: no harm is named that the correction for their number does not hold.

    Parameters
    ----------
    harm
        The tests.
    rule
        The one that somebody set; None: the reference is uniform and the margin 0.
    labels
        What a person reads for each language.
    """
    harmed = harm.told("harmed")
    if rule is None:
        if harmed:
            return f"It harms {_names(harmed, labels)}: higher loss than under {harm.reference} beyond the noise."
        return "No language is harmed beyond the noise."
    allowed = f"{rule.spoken} against {harm.reference}"
    kept = harm.told("not harmed within the margin")
    if len(kept) == len(harm.languages):
        whom = f"None of {_names(kept, labels)}" if rule.languages else "No language"
        return f"{whom} is harmed within the margin of {allowed}."
    words: list[HarmWord] = ["harmed", "cannot be told", "not harmed within the margin"]
    said = [f"{word}: {_names(harm.told(word), labels)}" for word in words if harm.told(word)]
    return f"By the margin of {allowed}: {'; '.join(said)}."


def of_two_things(measured: Organisation, baseline: Organisation, yardstick: str = "uniform") -> str:
    """What the verdict has to add where the two mixtures' data was organised differently; empty where it was not."""
    if measured == baseline:
        return ""
    stood = {SHUFFLED: "apart", PAIRED: "in one document"}
    return (
        f" Translations stood {stood[measured]} under the measured best and {stood[baseline]} under {yardstick}: the "
        "difference is of mixture and organisation together."
    )


def at_scale(verdict: BaselineVerdict, yardstick: str, seeds: int, times: float, same_order: float | None) -> str:
    """The verdict on the measured best mixture at a larger scale.

    Parameters
    ----------
    verdict
        Against the yardstick there, on the test split.
    yardstick
        The baseline that the verdict is about.
    seeds
        How many seeds each mixture has.
    times
        How many times the trials' N the larger one is.
    same_order
        The mixtures' rank correlation (:func:`codescale.comparison.scales.rank_correlation`).
    """
    figures = _figures(verdict.difference.objective, f" against {yardstick}", seeds)
    match verdict.beats:
        case True:
            first = f"At {times:.1f} times the search's N the optimum holds: {figures}."
        case False:
            first = f"At {times:.1f} times the search's N the optimum does not hold: {figures}."
        case None:
            first = f"At {times:.1f} times the search's N the measured best cannot be told from {yardstick}: {figures}."
    if same_order is None:
        return first
    return f"{first} The mixtures' rank correlation between the two scales is {same_order:.2f}."
