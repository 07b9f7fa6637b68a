"""Where the time went: per stage, work and orchestration."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from codescale.report.figures.base import GAIN, HARM, INK, Panel, Picture, draw
from codescale.report.quantities import duration
from codescale.study.timings import StageCost, StudyTimings


def _paint(axes: Axes, stages: Sequence[tuple[str, StageCost]]) -> None:
    for k, (_name, cost) in enumerate(stages):
        orchestration = cost.orchestration_seconds or 0.0
        axes.barh(k, (cost.seconds - orchestration) / 60, height=0.62, color=GAIN)
        axes.barh(k, orchestration / 60, left=(cost.seconds - orchestration) / 60, height=0.62, color=HARM)
        axes.annotate(
            duration(cost.seconds),
            (cost.seconds / 60, k),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(stages)), [name for name, _cost in stages], color=INK)
    axes.set_ylim(len(stages) - 0.4, -0.6)
    axes.set_xlim(0, max((cost.seconds for _name, cost in stages), default=60.0) / 60 * 1.2 or 1.0)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("wall time, minutes")


def cost_picture(timings: StudyTimings) -> Picture:
    """One bar a stage, in the order in which they ran."""
    stages = list(timings.stages.items())
    svg = draw("cost", "Wall time of every stage", (540, 60 + 32 * len(stages)), lambda axes: _paint(axes, stages))
    return Picture(
        "Time per stage",
        "Each bar is one stage's wall time: blue is its work, orange what starting workers and handing out runs cost.",
        (Panel(svg),),
        ((GAIN, "work"), (HARM, "orchestration")),
    )
