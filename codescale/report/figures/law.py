"""How close the law came: predicted against measured, and the held-out error of every candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from codescale.artifact import Interval
from codescale.comparison.result import ComparedMixture, SeedMean
from codescale.report.figures.base import GAIN, INK, MUTED, PAPER, Panel, Picture, draw
from codescale.report.figures.palette import MIXTURE_COLOURS, LanguageStyle
from codescale.report.quantities import percent
from codescale.runs.units import LossUnit


@dataclass(frozen=True)
class Pairing:
    """A run's measured objective and what the law says for it (in the law's unit, validation split)."""

    stage: str
    measured: float
    predicted: float


BASELINE, OTHER = "#B4BBC2", "#7FB6DF"

_STAGES = {"mixture": ("o", "#8A929B"), "trial": ("D", GAIN)}


def _diagonal(axes: Axes, values: Sequence[float]) -> None:
    margin = 0.06 * (max(values) - min(values) or 0.1)
    limits = (min(values) - margin, max(values) + margin)
    axes.plot(limits, limits, color=MUTED, linewidth=0.9, zorder=1)
    axes.set_xlim(*limits)
    axes.set_ylim(*limits)
    axes.set_aspect("equal")


def _paint_runs(axes: Axes, pairings: Sequence[Pairing], unit: LossUnit) -> None:
    for stage, (marker, colour) in _STAGES.items():
        chosen = [pairing for pairing in pairings if pairing.stage == stage]
        axes.plot(
            [pairing.measured for pairing in chosen],
            [pairing.predicted for pairing in chosen],
            marker,
            color=colour,
            markersize=5.5,
            markeredgecolor=PAPER,
            markeredgewidth=0.6,
            linestyle="none",
        )
    _diagonal(axes, [value for pairing in pairings for value in (pairing.measured, pairing.predicted)])
    axes.set_xlabel(f"measured objective, {unit}")
    axes.set_ylabel(f"predicted objective, {unit}")


def runs_picture(pairings: Sequence[Pairing], unit: LossUnit) -> Picture:
    """Every finished mixture run and trial: measured along, predicted up."""
    svg = draw(
        "predicted", "Predicted against measured objective", (500, 460), lambda axes: _paint_runs(axes, pairings, unit)
    )
    return Picture(
        "Predicted against measured, every run",
        "A run on the diagonal was predicted exactly, one above it turned out better than predicted; the sweep's "
        "mixtures are what the law was fitted to, the search's trials came after.",
        (Panel(svg),),
        (("#8A929B", "the sweep's mixtures"), (GAIN, "the search's trials")),
    )


@dataclass(frozen=True)
class Miss:
    """Predicted minus measured (nats per token) of one quantity: the value, the law's interval around it (None where
    the law gives none) and the standard error of what was measured.
    """

    name: str
    colour: str
    value: float
    low: float | None
    high: float | None
    standard_error: float | None


def misses(
    mixture: ComparedMixture, languages: Sequence[str], labels: Mapping[str, str], styles: Mapping[str, LanguageStyle]
) -> list[Miss]:
    """By how much the law missed ``mixture``'s objective and each language's loss, on the validation split."""
    if mixture.predicted is None or mixture.validation is None:
        return []
    pairs: list[tuple[str, str, Interval | None, SeedMean | None]] = [
        ("Objective", INK, mixture.predicted.objective, mixture.validation.objective)
    ]
    for language in languages:
        predicted, measured = mixture.predicted.losses.get(language), mixture.validation.losses.get(language)
        pairs.append((labels[language], styles[language].colour, predicted, measured))
    return [
        Miss(
            name,
            colour,
            predicted.value - measured.mean,
            None if predicted.low is None else predicted.low - measured.mean,
            None if predicted.high is None else predicted.high - measured.mean,
            measured.standard_error,
        )
        for name, colour, predicted, measured in pairs
        if predicted is not None and measured is not None
    ]


def _paint_misses(axes: Axes, found: Sequence[Miss]) -> None:
    for k, miss in enumerate(found):
        if miss.low is not None and miss.high is not None:
            axes.plot([miss.low, miss.high], [k, k], color=miss.colour, linewidth=2)
        axes.plot(miss.value, k, "o", color=miss.colour, markersize=6.5, markeredgecolor=PAPER, markeredgewidth=0.6)
        if miss.standard_error is not None:
            axes.plot(
                [-miss.standard_error, miss.standard_error],
                [k, k],
                color=MUTED,
                linewidth=6,
                alpha=0.35,
                zorder=1,
                solid_capstyle="butt",
            )
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1)
    axes.axhline(0.5, color=MUTED, linewidth=0.6, linestyle=(0, (3, 3)))
    axes.set_yticks(range(len(found)), [miss.name for miss in found], color=INK)
    axes.set_ylim(len(found) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.set_xlabel("predicted minus measured loss, nats per token (validation split)")


def proof_picture(found: Sequence[Miss]) -> Picture:
    """The predicted best mixture: how far the law was off for the objective and every language."""
    svg = draw(
        "proof",
        "Predicted minus measured loss under the predicted best mixture",
        (500, 60 + 40 * len(found)),
        lambda axes: _paint_misses(axes, found),
    )
    return Picture(
        "The predicted best mixture, language by language",
        "A mark on the line was predicted exactly, one to its right turned out better than predicted; where the law's "
        "interval (the coloured bar) crosses the line, the prediction held. The grey band is one standard error of the "
        "measured mean.",
        (Panel(svg),),
    )


@dataclass(frozen=True)
class HeldOutError:
    """The mean relative error (0.01 is 1 %) of one law on runs that it was not fitted to, and that of each hold-out."""

    name: str
    error: float
    splits: Mapping[str, float]
    is_baseline: bool
    is_chosen: bool


def _colour(candidate: HeldOutError) -> str:
    if candidate.is_chosen:
        return MIXTURE_COLOURS["measured_best"]
    return BASELINE if candidate.is_baseline else OTHER


def _paint_errors(axes: Axes, errors: Sequence[HeldOutError]) -> None:
    for k, candidate in enumerate(errors):
        axes.barh(k, 100 * candidate.error, height=0.62, color=_colour(candidate))
        axes.annotate(
            percent(candidate.error, 2),
            (100 * candidate.error, k),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(errors)), [candidate.name for candidate in errors], color=INK)
    axes.set_ylim(len(errors) - 0.4, -0.6)
    axes.set_xlim(0, 100 * max(candidate.error for candidate in errors) * 1.18 or 1.0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("mean relative error of the loss on held-out runs, per cent")


def errors_picture(errors: Sequence[HeldOutError]) -> Picture:
    """One bar a law, in the order given."""
    svg = draw(
        "held-out",
        "Held-out error of every law",
        (540, 60 + 34 * len(errors)),
        lambda axes: _paint_errors(axes, errors),
    )
    return Picture(
        "Held-out error of the laws",
        "Shorter is better: each bar is a law's error on runs that were kept from its fit. A law is worth having only "
        "where it is shorter than the baselines.",
        (Panel(svg),),
        ((MIXTURE_COLOURS["measured_best"], "the law in use"), (OTHER, "other laws"), (BASELINE, "baselines")),
    )
