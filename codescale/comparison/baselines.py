"""The search's choice against every baseline, with a correction for their number, and which baseline is the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from codescale.comparison.result import BaselineVerdict, JudgedSplit, MixtureDifference
from codescale.comparison.statistics import ERROR, holm, one_sided_tests, paired_difference
from codescale.study.comparison import ON_VALIDATION


def mixture_difference(entry: JudgedSplit, reference: JudgedSplit) -> MixtureDifference:
    """All differences of one mixture from another on one split, paired by seed."""
    both = {
        name: paired_difference(loss.values or (), reference.translations[name].values or ())
        for name, loss in entry.translations.items()
        if name in reference.translations
    }
    translations = {"translations": both} if both else {}
    return MixtureDifference(
        objective=paired_difference(entry.objective.values or (), reference.objective.values or ()),
        losses={
            language: paired_difference(loss.values or (), reference.losses[language].values or ())
            for language, loss in entry.losses.items()
        },
        **translations,
    )


def against_baselines(measured: JudgedSplit, baselines: Mapping[str, JudgedSplit]) -> dict[str, BaselineVerdict]:
    """What may be said of a mixture against each of ``baselines``.

    Parameters
    ----------
    measured
        The mixture's losses on the test split, a value a seed.
    baselines
        Those of each baseline, by its word, with the same seeds.

    Returns
    -------
    dict
        By the baseline's word. With one baseline, what its 90 % interval says; with several the chance that the
        mixture is said to beat any that it does not beat is at most that of one interval's end, 5 %. Baselines that
        share their runs, being one mixture, are one test.
    """
    seeds = len(measured.objective.values or ())
    differences = {word: mixture_difference(measured, one) for word, one in baselines.items()}
    tests = {one.objective: one_sided_tests(one.objective, seeds) for one in differences.values()}
    adjusted = [holm({one: both[k] for one, both in tests.items()}) for k in (0, 1)]
    better, worse = ({word: each[one.objective] for word, one in differences.items()} for each in adjusted)
    return {
        word: BaselineVerdict(
            difference=one,
            better=better[word],
            worse=worse[word],
            beats=True if better[word] < ERROR else False if worse[word] < ERROR else None,
        )
        for word, one in differences.items()
    }


def yardstick_of(named: str, validation: Mapping[str, JudgedSplit]) -> str:
    """The baseline that the verdict is about: the one that was ``named`` beforehand, else the one whose mean objective
    on the ``validation`` split is lowest. The verdict's correction is over all of them, so the choice costs nothing.
    """
    if named != ON_VALIDATION:
        return named
    return min(validation, key=lambda word: validation[word].objective.mean)


def listed(words: Sequence[str]) -> str:
    """``a, b and c``."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
