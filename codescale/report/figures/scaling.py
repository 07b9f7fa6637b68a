"""Scaling curves with their fits, and how hard each language is in bits per byte."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from codescale.comparison.result import ComparisonResult
from codescale.corpus.manifest import Manifest
from codescale.laws.results import LanguageScaling, Scaling, ScalingPoint
from codescale.report.figures.base import INK, MUTED, PAPER, Panel, Picture, draw, spread, ticks_at
from codescale.report.figures.palette import MIXTURE_COLOURS, LanguageStyle
from codescale.report.quantities import count
from codescale.runs.units import LossUnit, converted

_PANEL = (250, 210)
_PARAMETERS = ("E", "A", "alpha", "B", "beta")


def fitted_loss(scaling: LanguageScaling, n_params: float, n_tokens: float) -> float | None:
    """L = E + A N^-alpha + B D^-beta at N, D, in the fit's unit; None where a parameter is missing."""
    if any(name not in scaling.parameters for name in _PARAMETERS):
        return None
    e, a, alpha, b, beta = (scaling.parameters[name].value for name in _PARAMETERS)
    return e + a * n_params**-alpha + b * n_tokens**-beta


@dataclass(frozen=True)
class _Axis:
    """Which of N and D runs along the axis, and which is told by shades."""

    along: Callable[[ScalingPoint], float]
    across: Callable[[ScalingPoint], float]
    fit: Callable[[LanguageScaling, float, float], float | None]
    label: str


_AGAINST_N = _Axis(lambda p: p.scale[0], lambda p: p.scale[1], fitted_loss, "N, non-embedding parameters (log scale)")
_AGAINST_D = _Axis(
    lambda p: p.scale[1], lambda p: p.scale[0], lambda s, d, n: fitted_loss(s, n, d), "D, training tokens (log scale)"
)


def _paint_curves(
    axes: Axes,
    scaling: LanguageScaling,
    style: LanguageStyle,
    axis: _Axis,
    limits: tuple[float, float],
    unit: LossUnit,
) -> None:
    values = sorted({axis.along(point) for point in scaling.points})
    levels = sorted({axis.across(point) for point in scaling.points})
    ends = []
    for k, level in enumerate(levels):
        strength = 1.0 if len(levels) == 1 else 0.5 + 0.5 * k / (len(levels) - 1)
        points = [point for point in scaling.points if axis.across(point) == level]
        x = np.geomspace(values[0], values[-1], 40)
        fit = [axis.fit(scaling, float(value), level) for value in x]
        y = [math.nan if value is None else value for value in fit]
        axes.plot(x, y, color=style.colour, alpha=strength, linewidth=1.1 + 0.5 * strength)
        axes.plot(
            [axis.along(point) for point in points],
            [point.loss for point in points],
            style.marker,
            markersize=5.5,
            color=style.colour,
            alpha=strength,
            markeredgecolor=PAPER,
            markeredgewidth=0.6,
        )
        last = max(points, key=axis.along)
        ends.append(y[-1] if math.isfinite(y[-1]) else last.loss)
    _label_ends(axes, values[-1], ends, [count(level) for level in levels], (limits[1] - limits[0]) * 0.085)
    thinned = [values[0], *(b for a, b in pairwise(values[:-1]) if b / a > 1.4 and values[-1] / b > 1.4), values[-1]]
    ticks_at("x", axes, thinned)
    axes.set_xlim(values[0] / 1.06, values[-1] * (values[-1] / values[0]) ** 0.26 * 1.02)
    axes.set_ylim(*limits)
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlabel(axis.label, fontsize=7.6)
    axes.set_ylabel(f"loss, {unit}", fontsize=7.6)


def _label_ends(axes: Axes, x: float, heights: list[float], texts: list[str], gap: float) -> None:
    for height, text in zip(spread(heights, gap), texts, strict=True):
        axes.annotate(
            text,
            (x, height),
            xytext=(5, 0),
            textcoords="offset points",
            fontsize=7.4,
            va="center",
            color=INK,
            annotation_clip=False,
        )


def _curves(
    scaling: Scaling, labels: Mapping[str, str], styles: Mapping[str, LanguageStyle], axis: _Axis
) -> tuple[Panel, ...]:
    shown = {name: fit for name, fit in scaling.languages.items() if fit.points}
    losses = [value for fit in shown.values() for point in fit.points for value in (point.loss, point.fitted)]
    margin = 0.06 * (max(losses) - min(losses) or 1.0)
    limits = (min(losses) - margin, max(losses) + margin)
    name = "n" if axis is _AGAINST_N else "d"

    def panel(k: int, language: str, fit: LanguageScaling) -> Panel:
        style = styles[language]
        description = f"{labels[language]}: loss against {axis.label}"
        svg = draw(
            f"scaling-{name}-{k}",
            description,
            _PANEL,
            lambda axes: _paint_curves(axes, fit, style, axis, limits, scaling.loss_unit),
        )
        return Panel(svg, labels[language], style.colour)

    return tuple(panel(k, language, fit) for k, (language, fit) in enumerate(shown.items()))


def scaling_pictures(scaling: Scaling, labels: Mapping[str, str], styles: Mapping[str, LanguageStyle]) -> list[Picture]:
    """Loss against N and loss against D, one panel a language, all panels on the same loss axis."""
    if not any(fit.points for fit in scaling.languages.values()):
        return []
    return [
        Picture(
            "Loss against model size",
            "Each mark is a finished run of one language alone, each line the fit at the number of training tokens "
            "written at its end: a steeper line gains more from a larger model, a wider gap between lines more from "
            "data.",
            _curves(scaling, labels, styles, _AGAINST_N),
        ),
        Picture(
            "Loss against training tokens",
            "The same runs along the other axis: each line is one model size, written at its end as non-embedding "
            "parameters; a line that flattens to the right has little left to gain from more data.",
            _curves(scaling, labels, styles, _AGAINST_D),
        ),
    ]


@dataclass(frozen=True)
class Difficulty:
    """One language's loss in bits per byte of source text: trained alone (validation), and in two mixtures (test)."""

    alone: float | None
    uniform: tuple[float, float | None] | None
    measured_best: tuple[float, float | None] | None

    @property
    def known(self) -> list[float]:
        """The values there are."""
        pairs = [pair[0] for pair in (self.uniform, self.measured_best) if pair is not None]
        return pairs if self.alone is None else [self.alone, *pairs]


def bits_per_byte(loss: float, unit: LossUnit, bytes_per_token: float | None) -> float | None:
    """Bits per byte of a loss in ``unit``; None where that takes the bytes per token and they are not known."""
    if bytes_per_token is None and not unit.is_per_byte:
        return None
    return float(converted(np.asarray(loss), unit, LossUnit.BITS_PER_BYTE, bytes_per_token))


def difficulties(
    scaling: Scaling | None, manifest: Manifest | None, comparison: ComparisonResult | None
) -> dict[str, Difficulty]:
    """Bits per byte of every language for which something was measured; alone is at the largest N and D of the grid."""
    names = list(scaling.languages if scaling else ()) + list(manifest.languages if manifest else ())
    found = {}
    for name in dict.fromkeys(names):
        alone = None
        points = scaling.languages[name].points if scaling and name in scaling.languages else ()
        packing = manifest.languages[name].bytes_per_token if manifest and name in manifest.languages else {}
        if points and scaling:
            largest = max(points, key=lambda p: p.scale)
            alone = bits_per_byte(largest.loss, scaling.loss_unit, packing.get("validation"))
        pairs: list[tuple[float, float | None] | None] = []
        for mixture in ("uniform", "measured_best"):
            judged = comparison.mixtures[mixture].measured if comparison and mixture in comparison.mixtures else None
            value = (judged.bits_per_byte or {}).get(name) if judged else None
            pairs.append((value.mean, value.standard_error) if value else None)
        difficulty = Difficulty(alone, pairs[0], pairs[1])
        if difficulty.known:
            found[name] = difficulty
    return found


def _paint_difficulty(axes: Axes, rows: list[tuple[str, Difficulty]]) -> None:
    for k, (_label, row) in enumerate(rows):
        axes.plot([min(row.known), max(row.known)], [k, k], color=MUTED, linewidth=0.8, zorder=1)
        if row.alone is not None:
            axes.plot(row.alone, k, "o", color=PAPER, markeredgecolor=INK, markersize=6.5)
        for pair, marker, name in ((row.uniform, "s", "uniform"), (row.measured_best, "D", "measured_best")):
            if pair is not None:
                colour = MIXTURE_COLOURS[name]
                axes.errorbar(
                    pair[0],
                    k,
                    xerr=pair[1],
                    fmt=marker,
                    color=colour,
                    markersize=5.5,
                    elinewidth=1.4,
                    capsize=2,
                    markeredgecolor=PAPER,
                    markeredgewidth=0.5,
                )
    axes.set_yticks(range(len(rows)), [label for label, _row in rows], color=INK)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("bits per byte of source text (lower is easier)")


def difficulty_picture(found: Mapping[str, Difficulty], labels: Mapping[str, str]) -> Picture:
    """A dot per language and way of training, hardest language on top."""
    key = (
        ("outline", "alone, largest run of the grid (validation split)", any(row.alone for row in found.values())),
        (MIXTURE_COLOURS["uniform"], "uniform mixture (test split)", any(row.uniform for row in found.values())),
        (
            MIXTURE_COLOURS["measured_best"],
            "measured best mixture (test split)",
            any(row.measured_best for row in found.values()),
        ),
    )
    rows = sorted(((labels[name], row) for name, row in found.items()), key=lambda row: -max(row[1].known))
    svg = draw(
        "difficulty",
        "Bits per byte of each language",
        (540, 60 + 30 * len(rows)),
        lambda axes: _paint_difficulty(axes, rows),
    )
    return Picture(
        "Difficulty in bits per byte",
        "The further right, the harder the language is to predict; bits per byte compare languages fairly, because the "
        "tokenizer packs more of some languages into a token than of others. Bars are one standard error over seeds.",
        (Panel(svg),),
        tuple((colour, words) for colour, words, shown in key if shown),
    )
