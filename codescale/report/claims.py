"""The paper's claims, each with our figure, its interval and a verdict (Yang et al. 2025, arXiv 2512.13472).

A claim is *supported* where its figure's interval lies wholly on the side that the paper names, *contradicted* where it
lies wholly on the other side, and *cannot be told at this scale* where it spans zero or where there is no interval.
Claims on single gains of the synergy matrix go by its discoveries instead. Each function's docstring defines its
figure. Pure functions of ``scaling.json`` and ``synergy.json``.

``scaling.json`` gives the fit's parameters one by one, and an interval for a predicted loss cannot be made from them (E
and A err together), so a loss errs here as runs do: by the language's own ``noise`` times the loss where the file says
how far a run's log loss strays (between seeds, or around all fits), else by its residual deviation, sqrt(sum of squared
residuals / (points − 5)), 5 being the parameters of the fit. Intervals are Student's t; a figure made of several
languages has the degrees of freedom of Welch and Satterthwaite.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from scipy.stats import t as student

from codescale.laws.results import LanguageScaling, Scaling, Synergy, SynergyGain
from codescale.report.figures.scaling import fitted_loss
from codescale.report.figures.synergy import significant
from codescale.report.quantities import interval, percent, signed, signed_percent

ClaimVerdict = Literal["supported", "contradicted", "cannot be told at this scale"]
SUPPORTED: ClaimVerdict = "supported"
CONTRADICTED: ClaimVerdict = "contradicted"
UNTOLD: ClaimVerdict = "cannot be told at this scale"
_FIT_PARAMETERS = 5


@dataclass(frozen=True)
class Claim:
    """A claim of the paper and what this study says of it; for reading; directions stand on lines of their own."""

    statement: str
    figure: str
    interval: str
    verdict: ClaimVerdict
    measure: str


@dataclass(frozen=True)
class Estimate:
    """A figure with its standard error, both in the same unit, and the error's degrees of freedom; the error is None
    where it is not known.
    """

    value: float
    error: float | None
    freedom: float = math.inf

    def bounds(self, level: float) -> tuple[float, float] | None:
        """Student's interval of coverage ``level``; None without an error."""
        if self.error is None:
            return None
        half = float(student.ppf(0.5 + level / 2, self.freedom)) * self.error
        return self.value - half, self.value + half

    def __sub__(self, other: Estimate) -> Estimate:
        """The difference of two independent figures."""
        return Estimate(self.value - other.value, *_together([self, other]))


def _together(estimates: Sequence[Estimate]) -> tuple[float | None, float]:
    """The error of the sum of independent figures, and its degrees of freedom (Satterthwaite, 1946)."""
    errors = [one.error for one in estimates if one.error is not None]
    if len(errors) < len(estimates):
        return None, math.inf
    error = math.hypot(*errors)
    unsure = sum(one**4 / estimate.freedom for one, estimate in zip(errors, estimates, strict=True))
    return error, error**4 / unsure if unsure > 0 else math.inf


def verdict_of(bounds: tuple[float, float] | None) -> ClaimVerdict:
    """Supported where the whole interval is above zero, contradicted where it is below, else it cannot be told."""
    if bounds is None:
        return UNTOLD
    return SUPPORTED if bounds[0] > 0 else CONTRADICTED if bounds[1] < 0 else UNTOLD


# ---- scale -----------------------------------------------------------------------------------------------------------


def _residual_deviation(scaling: LanguageScaling) -> tuple[float | None, float]:
    """s of the module's docstring, in nats per token, and its degrees of freedom; None where there are no more points
    than parameters.
    """
    freedom = len(scaling.points) - _FIT_PARAMETERS
    if freedom <= 0:
        return None, math.inf
    return math.sqrt(sum((point.loss - point.fitted) ** 2 for point in scaling.points) / freedom), float(freedom)


def _loss_at(scaling: LanguageScaling, corner: tuple[float, float], noise: float | None) -> Estimate | None:
    """The mean of the losses measured at (N, D), or the fit's where none was measured there (nats per token).

    ``noise``: the pooled one, for a file that has none of the language's own.
    """
    measured = [point.loss for point in scaling.points if point.scale == corner]
    loss = fmean(measured) if measured else fitted_loss(scaling, *corner)
    if loss is None:
        return None
    if scaling.noise is not None:
        deviation, freedom = scaling.noise * loss, scaling.degrees_of_freedom or math.inf
    elif noise is not None:
        deviation, freedom = noise * loss, math.inf
    else:
        found, freedom = _residual_deviation(scaling)
        if found is None:
            return Estimate(loss, None)
        deviation = found
    return Estimate(loss, deviation / math.sqrt(max(1, len(measured))), freedom)


def relative_reduction(
    scaling: LanguageScaling, start: tuple[float, float], end: tuple[float, float], noise: float | None = None
) -> Estimate | None:
    """(L(start) − L(end)) / L(start) between two points (N, D), as a share of 1; None where a loss is not known.

    ``noise`` is the standard deviation of a run's log loss over all languages (None: from the residuals), for a file
    that has none of the language's own. The error follows from those of the two losses to first order (delta method);
    both rest on one noise, and have its degrees of freedom.
    """
    first, last = _loss_at(scaling, start, noise), _loss_at(scaling, end, noise)
    if first is None or last is None:
        return None
    value = 1 - last.value / first.value
    if first.error is None or last.error is None:
        return Estimate(value, None)
    error = math.hypot(last.error, first.error * last.value / first.value) / first.value
    return Estimate(value, error, first.freedom)


@dataclass(frozen=True)
class _MeasuredRange:
    """Three points (N, D) that mean the same for all languages: the smallest, the last but one, the largest."""

    smallest: tuple[float, float]
    last_but_one: tuple[float, float]
    largest: tuple[float, float]


def common_range(languages: Mapping[str, LanguageScaling]) -> _MeasuredRange | None:
    """The range of N and D that every language was measured over; None where there are no two levels of either.

    Levels of N (and of D) are those that all languages share. The last but one has one level less of each.
    """
    levels: list[list[float]] = []
    for axis in (0, 1):
        seen = [{point.scale[axis] for point in fit.points} for fit in languages.values()]
        shared = sorted(set.intersection(*seen)) if seen else []
        if not shared:
            return None
        levels.append(shared)
    sizes, tokens = levels
    if len(sizes) < 2 and len(tokens) < 2:
        return None
    before = (sizes[max(0, len(sizes) - 2)], tokens[max(0, len(tokens) - 2)])
    return _MeasuredRange((sizes[0], tokens[0]), before, (sizes[-1], tokens[-1]))


def _untold(statement: str, measure: str, reason: str) -> Claim:
    return Claim(statement, reason, "", UNTOLD, measure)


def _points(share: float) -> str:
    return f"{signed(100 * share, 2)} points"


def _interval(bounds: tuple[float, float] | None, unit: str = "points") -> str:
    return f"{interval(100 * bounds[0], 100 * bounds[1], 2)} {unit}" if bounds else "none"


def gains_most(scaling: Scaling, language: str, labels: Mapping[str, str]) -> Claim:
    """ "Python gains most from scale."

    A language's gain from scale is the relative reduction of its loss from the smallest to the largest (N, D) that all
    languages share (:func:`relative_reduction`). The figure is the language's gain minus that of the rival that decides
    the verdict (of several the one that gains most). The interval is widened (Bonferroni) so that those against
    all rivals hold together at ``scaling.level``. Supported: the language's gain is above every rival's. Contradicted:
    at least one rival's is above the language's. Else it cannot be told.
    """
    statement = f"{labels.get(language, language)} gains most from scale"
    measure = "gain: relative loss reduction from the smallest to the largest (N, D); interval of the difference"
    fits = {name: fit for name, fit in scaling.languages.items() if fit.points}
    shared = common_range(fits)
    if language not in fits or len(fits) < 2 or shared is None:
        return _untold(statement, measure, "not measured at two scales beside other languages")
    gains = {
        name: relative_reduction(fit, shared.smallest, shared.largest, scaling.noise) for name, fit in fits.items()
    }
    own = gains.pop(language)
    rivals = {name: gain for name, gain in gains.items() if gain is not None}
    if own is None or not rivals:
        return _untold(statement, measure, "no losses at the ends of the shared range")
    level = 1 - (1 - scaling.level) / len(rivals)
    differences = {name: own - gain for name, gain in rivals.items()}
    bounds = {name: difference.bounds(level) for name, difference in differences.items()}

    verdicts = {name: verdict_of(pair) for name, pair in bounds.items()}
    verdict = (
        CONTRADICTED if CONTRADICTED in verdicts.values() else UNTOLD if UNTOLD in verdicts.values() else SUPPORTED
    )
    decisive = [name for name in rivals if verdicts[name] == verdict]
    closest = min(decisive, key=lambda name: differences[name].value)
    figure = (
        f"loss falls by {percent(own.value)}, {labels.get(closest, closest)}'s by {percent(rivals[closest].value)}: "
        f"{_points(differences[closest].value)}"
    )
    return Claim(statement, figure, _interval(bounds[closest]), verdict, measure)


def saturates_early(scaling: Scaling, language: str, labels: Mapping[str, str]) -> Claim:
    """ "Rust saturates early."

    A language's late gain is the relative reduction of its loss over the last step of the grid that all languages
    share: from the last but one to the largest level of N and of D. The figure is the mean late gain of the other
    languages minus the language's own. Supported: its interval is above zero, the language gains less than the others
    from the last step. Contradicted: below zero. Else it cannot be told.
    """
    statement = f"{labels.get(language, language)} saturates early"
    measure = "late gain: relative loss reduction over the grid's last step; interval of the others' mean minus its own"
    fits = {name: fit for name, fit in scaling.languages.items() if fit.points}
    shared = common_range(fits)
    if language not in fits or len(fits) < 2 or shared is None:
        return _untold(statement, measure, "not measured at two scales beside other languages")
    late = {
        name: relative_reduction(fit, shared.last_but_one, shared.largest, scaling.noise) for name, fit in fits.items()
    }
    own = late.pop(language)
    others = [gain for gain in late.values() if gain is not None]
    if own is None or not others:
        return _untold(statement, measure, "no losses at the ends of the last step")
    mean = _independent_mean(others)
    difference = mean - own
    figure = (
        f"loss falls by {percent(own.value)} over the last step, the others' by {percent(mean.value)}: "
        f"{_points(difference.value)}"
    )
    bounds = difference.bounds(scaling.level)
    return Claim(statement, figure, _interval(bounds), verdict_of(bounds), measure)


# ---- synergy ---------------------------------------------------------------------------------------------------------


def _independent_mean(estimates: Sequence[Estimate]) -> Estimate:
    """The mean of figures whose errors are independent of each other."""
    error, freedom = _together(estimates)
    return Estimate(
        fmean(estimate.value for estimate in estimates), None if error is None else error / len(estimates), freedom
    )


def _estimate(synergy: Synergy, target: str, source: str) -> Estimate | None:
    """The gain of ``source`` on ``target``; None where the pair was not measured."""
    gain = _gain(synergy, target, source)
    if gain is None:
        return None
    if gain.low is None or gain.high is None:
        return Estimate(gain.value, None)
    freedom = synergy.target_degrees_of_freedom.get(target) or synergy.degrees_of_freedom or math.inf
    half = (gain.high - gain.low) / 2
    return Estimate(gain.value, half / float(student.ppf(0.5 + synergy.level / 2, freedom)), freedom)


def _gain(synergy: Synergy, target: str, source: str) -> SynergyGain | None:
    return synergy.gain.get(target, {}).get(source)


def help_each_other(synergy: Synergy, first: str, second: str, labels: Mapping[str, str]) -> Claim:
    """ "Java and C# help each other."

    The figures are both synergy gains of the pair. Supported: both are above zero and among the matrix's discoveries,
    whose false discovery rate is controlled over all pairs. Contradicted: at least one is such a discovery and below
    zero. Else it cannot be told. An interval beside it is of the gain alone and may leave out zero all the same.
    """
    names = labels.get(first, first), labels.get(second, second)
    statement = f"{names[0]} and {names[1]} help each other"
    measure = "synergy gain in both directions; interval of each"
    gains = [_gain(synergy, first, second), _gain(synergy, second, first)]
    if any(gain is None for gain in gains):
        return _untold(statement, measure, "the pair was not measured")
    known = [gain for gain in gains if gain is not None]
    bounds = [(g.low, g.high) if g.low is not None and g.high is not None else None for g in known]
    verdicts = [UNTOLD if not significant(gain) else SUPPORTED if gain.value > 0 else CONTRADICTED for gain in known]
    verdict = CONTRADICTED if CONTRADICTED in verdicts else SUPPORTED if set(verdicts) == {SUPPORTED} else UNTOLD
    figure = (
        f"{names[0]} from {names[1]} {signed_percent(known[0].value, 2)}\n"
        f"{names[1]} from {names[0]} {signed_percent(known[1].value, 2)}"
    )
    return Claim(statement, figure, "\n".join(_interval(pair, "%") for pair in bounds), verdict, measure)


def helps_more_than_helped(synergy: Synergy, language: str, labels: Mapping[str, str]) -> Claim:
    """ "Python helps more than it is helped."

    The figure is the mean gain of the other languages from this one, minus its mean gain from them, over the others
    measured in both directions. The gains that the language receives share one baseline run, so their errors are taken
    to be one and the same (the mean of them, which is the worst case); those that it gives have a baseline each and are
    taken as independent. Supported: the difference's interval is above zero. Contradicted: below. Else it cannot be
    told.
    """
    name = labels.get(language, language)
    statement = f"{name} helps more than it is helped"
    measure = "mean gain given minus mean gain received; interval of the difference"
    pairs = []
    for other in synergy.gain:
        given, received = _estimate(synergy, other, language), _estimate(synergy, language, other)
        if other != language and given is not None and received is not None:
            pairs.append((given, received))
    if not pairs:
        return _untold(statement, measure, "no pair was measured in both directions")
    given_mean = _independent_mean([given for given, _received in pairs])
    errors = [received.error for _given, received in pairs if received.error is not None]
    received_mean = Estimate(
        fmean(received.value for _given, received in pairs),
        fmean(errors) if len(errors) == len(pairs) else None,
        pairs[0][1].freedom,
    )
    difference = given_mean - received_mean
    figure = (
        f"gives {signed_percent(given_mean.value, 2)}, receives {signed_percent(received_mean.value, 2)}: "
        f"{_points(difference.value)}"
    )
    bounds = difference.bounds(synergy.level)
    return Claim(statement, figure, _interval(bounds), verdict_of(bounds), measure)


def paper_claims(scaling: Scaling | None, synergy: Synergy | None, labels: Mapping[str, str]) -> list[Claim]:
    """The five claims, as far as there are artifacts to judge them by."""
    claims = []
    if scaling is not None:
        claims += [gains_most(scaling, "python", labels), saturates_early(scaling, "rust", labels)]
    if synergy is not None:
        claims += [
            help_each_other(synergy, "java", "csharp", labels),
            help_each_other(synergy, "javascript", "typescript", labels),
            helps_more_than_helped(synergy, "python", labels),
        ]
    return claims
