"""The three mixtures side by side, and what each does to every language's loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes

from codescale.comparison.result import ComparisonResult
from codescale.report.artifacts import MIXTURES, MixtureName
from codescale.report.figures.base import INK, MUTED, PAPER, Panel, Picture, draw
from codescale.report.figures.palette import MIXTURE_COLOURS, LanguageStyle

TITLES: dict[MixtureName, str] = {
    "uniform": "Uniform",
    "predicted_best": "Predicted best",
    "measured_best": "Measured best",
}
_DARK, _LIGHT = "#10161b", "#ffffff"


def _readable_on(colour: str) -> str:
    """Black or white, whichever stands out more on ``colour`` (relative luminance, WCAG 2)."""
    channels = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return _DARK if luminance > 0.18 else _LIGHT


def _paint_shares(
    axes: Axes,
    mixtures: Mapping[MixtureName, Mapping[str, float]],
    languages: Sequence[str],
    styles: Mapping[str, LanguageStyle],
) -> None:
    for row, shares in enumerate(mixtures.values()):
        left = 0.0
        for language in languages:
            share = 100 * shares.get(language, 0.0)
            colour = styles[language].colour
            axes.barh(row, share, left=left, height=0.66, color=colour, edgecolor=PAPER, linewidth=0.8)
            if share >= 5.5:
                axes.text(
                    left + share / 2,
                    row,
                    f"{share:.1f}".removesuffix(".0"),
                    ha="center",
                    va="center",
                    color=_readable_on(colour),
                    fontsize=8,
                )
            left += share
    axes.set_yticks(range(len(mixtures)), [TITLES[name] for name in mixtures], color=INK)
    axes.set_ylim(len(mixtures) - 0.5, -0.5)
    axes.set_xlim(0, 100)
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.set_xlabel("share of the training tokens, per cent")


def shares_picture(
    mixtures: Mapping[MixtureName, Mapping[str, float]],
    languages: Sequence[str],
    labels: Mapping[str, str],
    styles: Mapping[str, LanguageStyle],
) -> Picture:
    """One bar a mixture, one segment a language. ``mixtures`` maps the mixtures that are known to their shares."""
    svg = draw(
        "mixtures",
        "Shares of each language in the mixtures",
        (500, 60 + 58 * len(mixtures)),
        lambda axes: _paint_shares(axes, mixtures, languages, styles),
    )
    return Picture(
        "The token split under each mixture",
        "Each bar is one way to spend the same number of training tokens; a segment's width, and the number in it, is "
        "the language's share in per cent.",
        (Panel(svg),),
        tuple((styles[language].colour, labels[language]) for language in languages),
    )


def _paint_differences(axes: Axes, comparison: ComparisonResult, rows: Sequence[tuple[str, str | None]]) -> None:
    names = [name for name in ("predicted_best", "measured_best") if name in comparison.differences]
    for k, (_label, language) in enumerate(rows):
        for j, name in enumerate(names):
            differences = comparison.differences[name]
            difference = differences.objective if language is None else differences.losses.get(language)
            if difference is None:
                continue
            height = k + (j - (len(names) - 1) / 2) * 0.3
            colour = MIXTURE_COLOURS[name]
            if difference.low is not None and difference.high is not None:
                axes.plot([difference.low, difference.high], [height, height], color=colour, linewidth=2)
            marker = "D" if name == "measured_best" else "o"
            axes.plot(
                difference.mean,
                height,
                marker,
                color=colour,
                markersize=6.5 if language is None else 5.5,
                markeredgecolor=PAPER,
                markeredgewidth=0.6,
            )
    axes.axvline(0, color=INK, linewidth=0.9)
    axes.axhline(0.5, color=MUTED, linewidth=0.6, linestyle=(0, (3, 3)))
    axes.set_yticks(range(len(rows)), [label for label, _language in rows], color=INK)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel(f"loss minus uniform's, nats per token ({comparison.split} split)")


def differences_picture(
    comparison: ComparisonResult, languages: Sequence[str], labels: Mapping[str, str]
) -> Picture | None:
    """What each mixture changes for every language, against uniform; None where nothing was compared."""
    if not comparison.differences:
        return None
    rows: list[tuple[str, str | None]] = [("Objective", None)]
    rows += [(labels[language], language) for language in languages]
    svg = draw(
        "differences",
        "Loss of each mixture minus uniform's, per language",
        (500, 60 + 34 * len(rows)),
        lambda axes: _paint_differences(axes, comparison, rows),
    )
    return Picture(
        "What each language gains or loses against uniform",
        "A mark left of the line means a lower loss than under the uniform split; where the bar "
        f"({100 * comparison.level:.0f} % interval, paired over {len(comparison.seeds)} seeds) crosses the line, the "
        "difference may be noise.",
        (Panel(svg),),
        tuple((MIXTURE_COLOURS[name], TITLES[name]) for name in MIXTURES if name in comparison.differences),
    )
