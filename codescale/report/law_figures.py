"""How close the law came: predicted against measured, and the held-out error of every candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from codescale.report.artifacts import ComparedMixture
from codescale.report.figure import GAIN, INK, MUTED, PAPER, Panel, Picture, draw
from codescale.report.palette import MIXTURE_COLOURS, Look
from codescale.report.quantities import percent


@dataclass(frozen=True)
class Pairing:
    """A run's measured objective and what the law says for it (nats per token, validation split)."""

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


def _paint_runs(axes: Axes, pairings: Sequence[Pairing]) -> None:
    for stage, (marker, colour) in _STAGES.items():
        chosen = [pairing for pairing in pairings if pairing.stage == stage]
        axes.plot(
            [pairing.measured for pairing in chosen], [pairing.predicted for pairing in chosen], marker, color=colour,
            markersize=5.5, markeredgecolor=PAPER, markeredgewidth=0.6, linestyle="none",
        )  # fmt: skip
    _diagonal(axes, [value for pairing in pairings for value in (pairing.measured, pairing.predicted)])
    axes.set_xlabel("measured objective, nats per token")
    axes.set_ylabel("predicted objective, nats per token")


def runs_picture(pairings: Sequence[Pairing]) -> Picture:
    """Every finished mixture run and trial: measured along, predicted up."""
    svg = draw(
        "predicted", "Predicted against measured objective", (470, 430), lambda axes: _paint_runs(axes, pairings)
    )
    return Picture(
        "Predicted against measured, every run",
        "A run on the diagonal was predicted exactly, one above it turned out better than predicted; the sweep's "
        "mixtures are what the law was fitted to, the search's trials came after.",
        (Panel(svg),),
        (("#8A929B", "the sweep's mixtures"), (GAIN, "the search's trials")),
    )


def _paint_proof(
    axes: Axes, mixture: ComparedMixture, languages: Sequence[str], labels: Mapping[str, str], looks: Mapping[str, Look]
) -> None:
    assert mixture.predicted is not None
    assert mixture.validation is not None
    values = []
    for language in languages:
        predicted, measured = mixture.predicted.losses.get(language), mixture.validation.losses.get(language)
        if predicted is None or measured is None:
            continue
        look = looks[language]
        if predicted.low is not None and predicted.high is not None:
            axes.plot([measured.mean] * 2, [predicted.low, predicted.high], color=look.colour, linewidth=1.6)
            values += [predicted.low, predicted.high]
        axes.errorbar(
            measured.mean, predicted.value, xerr=measured.standard_error, fmt=look.marker, color=look.colour,
            markersize=6.5, markeredgecolor=PAPER, markeredgewidth=0.6, elinewidth=1.2,
        )  # fmt: skip
        axes.annotate(
            labels[language], (measured.mean, predicted.value), xytext=(7, -8), textcoords="offset points", fontsize=7.8
        )
        values += [predicted.value, measured.mean]
    _diagonal(axes, values)
    axes.set_xlabel("measured loss, nats per token")
    axes.set_ylabel("predicted loss, nats per token")


def proof_picture(
    mixture: ComparedMixture, languages: Sequence[str], labels: Mapping[str, str], looks: Mapping[str, Look]
) -> Picture | None:
    """The predicted best mixture, language by language; None where it was not predicted or not measured there."""
    if mixture.predicted is None or mixture.validation is None:
        return None
    if not set(mixture.predicted.losses) & set(mixture.validation.losses) & set(languages):
        return None
    svg = draw(
        "proof", "Predicted against measured loss of each language under the predicted best mixture", (470, 430),
        lambda axes: _paint_proof(axes, mixture, languages, labels, looks),
    )  # fmt: skip
    return Picture(
        "The predicted best mixture, language by language",
        "Upright bars are the law's interval, level bars one standard error of the measured mean; a bar that meets the "
        "diagonal means that the prediction held for this language. Both are on the validation split.",
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
            percent(candidate.error, 2), (100 * candidate.error, k), xytext=(4, 0), textcoords="offset points",
            va="center", fontsize=8,
        )  # fmt: skip
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
        (640, 70 + 34 * len(errors)),
        lambda axes: _paint_errors(axes, errors),
    )
    return Picture(
        "Held-out error of the laws",
        "Shorter is better: each bar is a law's error on runs that were kept from its fit. A law is worth having only "
        "where it is shorter than the baselines.",
        (Panel(svg),),
        ((MIXTURE_COLOURS["measured_best"], "the law in use"), (OTHER, "other laws"), (BASELINE, "baselines")),
    )
