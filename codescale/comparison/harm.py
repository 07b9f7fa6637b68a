"""Whether a mixture harms a language: a test of non-inferiority for each, with a correction for their number."""

from __future__ import annotations

from codescale.comparison.result import Harm, HarmWord, JudgedSplit, LanguageHarm
from codescale.comparison.statistics import ERROR, holm, one_sided_tests, paired_difference
from codescale.mixtures.no_harm import NoHarmRule


def harm_of(measured: JudgedSplit, reference: JudgedSplit, rule: NoHarmRule) -> Harm:
    """What may be said of each language that ``rule`` protects under a mixture against ``reference``.

    Harmed: its loss is above the reference's by more than the margin. Not harmed within the margin: it is not. Neither
    is said unless a one-sided paired t test holds it, adjusted over the languages, so that the chance of calling any
    language harmed that is not is at most 5 %, and so is that of passing any that is.

    Parameters
    ----------
    measured, reference
        Losses on the test split, a value a seed, with the same seeds.
    rule
        The margin. Of a relative one each seed's own loss under the reference is taken, so that what is tested is the
        ratio, and not a margin that the same losses have set.

    References
    ----------
    Non-inferiority: Wellek 2010, "Testing statistical hypotheses of equivalence and noninferiority", chapter 2.
    """
    seeds = len(measured.objective.values or ())
    differences, beyond, margins = {}, {}, {}
    for language in rule.protected(tuple(measured.losses), "study.yaml, comparison.no_harm.languages"):
        values, others = measured.losses[language].values or (), reference.losses[language].values or ()
        differences[language] = paired_difference(values, others)
        beyond[language] = paired_difference(values, [rule.ceilings(other) for other in others])
        mean = reference.losses[language].mean
        margins[language] = rule.ceilings(mean) - mean
    tests = {language: one_sided_tests(one, seeds) for language, one in beyond.items()}
    not_harmed, harmed = (holm({language: both[k] for language, both in tests.items()}) for k in (0, 1))
    return Harm(
        reference=rule.reference,
        margin=rule.margin,
        relative=rule.relative,
        languages={
            language: LanguageHarm(
                difference=one,
                margin=margins[language],
                beyond=beyond[language],
                harmed=harmed[language],
                not_harmed=not_harmed[language],
                verdict=_word(harmed[language], not_harmed[language]),
            )
            for language, one in differences.items()
        },
    )


def _word(harmed: float, not_harmed: float) -> HarmWord:
    if harmed < ERROR:
        return "harmed"
    return "not harmed within the margin" if not_harmed < ERROR else "cannot be told"
