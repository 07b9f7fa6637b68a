"""From a function that paints axes to an SVG that can stand inside the page.

Matplotlib's object interface with its SVG backend: no window, no pyplot, no state that outlives a figure. Text stays
text, so that it can be read aloud, searched and set in the page's own font, and is never parsed as mathematics, since
labels come from files. Ink, grid and paper become CSS variables, so that a figure follows the page into the dark.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import matplotlib
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from codescale.report.quantities import count

INK, MUTED, GRID, PAPER = "#1f2a33", "#5f6b76", "#dfe3e7", "#fefefd"
"""The colours that the page replaces by its own; any other colour stays as it is drawn."""

GAIN, HARM = "#2B7BBA", "#D1602A"
"""Better and worse: blue and orange, which every kind of colour vision tells apart."""

_VARIABLES = {INK: "var(--ink)", MUTED: "var(--muted)", GRID: "var(--grid)", PAPER: "var(--paper)"}

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 8.6,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 2.5,
    "ytick.major.size": 0.0,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "figure.constrained_layout.use": True,
}


def figure_style() -> dict[Any, Any]:
    """Matplotlib's settings for every figure of ours."""
    return dict(_STYLE)


@dataclass(frozen=True)
class Panel:
    """One drawing; ``caption`` names it among others (empty where it stands alone), ``colour`` marks its language."""

    svg: Markup
    caption: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure of the page: what it shows, one sentence on how to read it, and its drawings.

    ``key`` explains colours in words beside the drawing: pairs of colour and meaning.
    """

    title: str
    reading: str
    panels: tuple[Panel, ...]
    key: tuple[tuple[str, str], ...] = ()


def draw(name: str, description: str, size: tuple[float, float], paint: Callable[[Axes], None]) -> Markup:
    """An inline SVG of ``size`` (width, height in CSS pixels at most), painted by ``paint`` on empty axes.

    ``name`` is unique on the page (identifiers inside the drawing derive from it, so that it is the same every time);
    ``description`` is read to who cannot see it.
    """
    width, height = size
    with matplotlib.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(width / 96, height / 96))
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0.0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0.0)
        paint(axes)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    return _inline(buffer.getvalue(), description, width)


def _inline(svg: str, description: str, width: float) -> Markup:
    """The drawing without XML prologue, metadata, names of groups and fixed size: what HTML wants inline.

    Text in it was escaped by matplotlib and holds no ``<``, so that these patterns only meet matplotlib's own tags.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"<>]*">', "<g>", svg)
    svg = re.sub(r'(<[a-z]+) id="\w+_\d{1,4}"', r"\1", svg)
    view_box = re.search(r'viewBox="([^"]*)"', svg)
    assert view_box is not None
    opening = f'<svg viewBox="{view_box[1]}" role="img" aria-label="{escape(description)}" {_fit(width)}>'
    svg = re.sub(r"<svg[^>]*>", lambda match: opening, svg, count=1)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    return Markup(re.sub(r"\n\s*", "\n", svg))


def _fit(width: float) -> str:
    """How the drawing fits its column: little larger than drawn at most; too fine to shrink, it scrolls on a phone."""
    return f'style="max-width:{1.15 * width:.0f}px"' + (' class="fine"' if width > 600 else "")


def ticks_at(axis_name: str, axes: Axes, values: Sequence[float], unit: str = "") -> None:
    """A logarithmic ``x`` or ``y`` axis with ticks at ``values`` alone, written as counts (``400 k``)."""
    axis = axes.xaxis if axis_name == "x" else axes.yaxis
    (axes.set_xscale if axis_name == "x" else axes.set_yscale)("log")
    axis.set_major_locator(FixedLocator(sorted(set(values))))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _position: count(value, unit)))


def spread(values: Sequence[float], gap: float) -> list[float]:
    """``values`` moved apart so that neighbours are at least ``gap`` from each other, in the same order.

    Keeps labels at the ends of lines from covering each other; the mean stays where it is.
    """
    order = sorted(range(len(values)), key=lambda k: values[k])
    moved = list(values)
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + gap)
    shift = (sum(values) - sum(moved)) / max(1, len(values))
    return [value + shift for value in moved]
