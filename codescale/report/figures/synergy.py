"""The synergy matrix as a heat map."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from codescale.laws.results import Synergy, SynergyGain
from codescale.report.figures.base import GAIN, GRID, HARM, INK, MUTED, Panel, Picture, draw
from codescale.report.quantities import signed


def significant(gain: SynergyGain) -> bool:
    """Whether the gain's interval leaves out zero: as the stage says, or by its ends where it does not say."""
    if gain.differs_from_zero is not None:
        return gain.differs_from_zero
    return gain.low is not None and gain.high is not None and (gain.low > 0 or gain.high < 0)


def _paint(axes: Axes, synergy: Synergy, languages: list[str], labels: Mapping[str, str]) -> None:
    gains = [gain for row in synergy.gain.values() for gain in row.values() if gain is not None]
    largest = max((abs(gain.value) for gain in gains), default=0.0) or 1.0
    for row, target in enumerate(languages):
        for column, source in enumerate(languages):
            gain = synergy.gain.get(target, {}).get(source)
            if gain is None:
                axes.add_patch(Rectangle((column, row), 1, 1, facecolor="none", edgecolor=GRID, linewidth=0.5))
                continue
            colour = GAIN if gain.value > 0 else HARM
            strength = 0.04 + 0.66 * abs(gain.value) / largest
            axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, alpha=strength, linewidth=0))
            sure = significant(gain)
            text = signed(100 * gain.value, 1) + (" ●" if sure else "")
            axes.text(
                column + 0.5,
                row + 0.5,
                text,
                ha="center",
                va="center",
                fontsize=7.8,
                color=INK if sure else MUTED,
                fontweight="bold" if sure else "normal",
            )
    size = len(languages)
    axes.set_xlim(0, size)
    axes.set_ylim(size, 0)
    names = [labels[language] for language in languages]
    axes.set_xticks([k + 0.5 for k in range(size)], names, rotation=38, ha="left", color=INK)
    axes.set_yticks([k + 0.5 for k in range(size)], names, color=INK)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel("helped by (source of the other half of the tokens)")
    axes.set_ylabel("measured on")


def synergy_picture(synergy: Synergy, labels: Mapping[str, str]) -> Picture:
    """Rows are targets, columns sources, cells the gain in per cent with a mark where it differs from zero."""
    named = list(synergy.languages) or list(synergy.gain)
    languages = [name for name in named if name in synergy.gain]
    size = len(languages)
    svg = draw(
        "synergy",
        "Matrix of synergy gains in per cent",
        (200 + 56 * size, 130 + 36 * size),
        lambda axes: _paint(axes, synergy, languages, labels),
    )
    return Picture(
        "Who helps whom",
        "Read along a row: how many per cent lower (blue, +) or higher (orange, −) the row language's loss becomes "
        "when the second pass over its own tokens is replaced by as many tokens of the column language; ● and bold "
        f"mark gains that differ from zero, at a false discovery rate of {100 * (1 - synergy.level):.0f} % over the "
        "whole matrix.",
        (Panel(svg),),
    )
