"""The figures of scripts/bench_coverage.py, pooled over studies, and the page that shows them."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from planted_worlds import WORLDS
from scipy.stats import t

if TYPE_CHECKING:
    from bench_coverage import Study

REGIONS = {"in range": (1.0, 1.0), "larger N": (4.0, 1.0), "larger D": (1.0, 4.0), "both larger": (4.0, 4.0)}
"""Where losses are predicted: N and D as multiples of the study's largest, 1: any that it has."""
LEAST, MOST = 0.80, 0.97
"""Of an interval of 90 %: a coverage outside is marked."""
Array = NDArray[np.float64]
NORMAL_95 = 1.959963984540054
COMMON = 0.2
"""Of the variance of whether an interval holds: what the intervals of a study are taken to share where none or all do.
"""
MOST_FALSE = 0.10
"""Of studies without any gain: how many may claim one."""
KINDS = (
    *(f"losses, {region}" for region in REGIONS),
    "losses, the noisy language", "losses, the other languages", "losses at the told N and D",
    "objective of the found mixture, in range", "objective of the found mixture, beyond",
    "difference of a given mixture and uniform", "gain over uniform, in range", "gain over uniform, beyond",
    "optimal shares, in range", "optimal shares, beyond", "shares as good, in range", "shares as good, beyond",
    "synergy gains, by the law", "synergy gains, measured", "best N under a budget", "best D under a budget",
)  # fmt: skip


@dataclass(frozen=True)
class Coverage:
    """A share of intervals that held the truth: of ``given`` in ``studies`` studies, ``open`` more were not given.

    ``low`` and ``high``: its interval of 95 %, in which the intervals of one study share its luck.
    """

    share: float
    given: int
    open: int
    studies: int
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether all of ``low`` to ``high`` lies outside what an interval of 90 % may cover."""
        return self.given > 0 and (self.high < LEAST or self.low > MOST)

    @property
    def mark(self) -> str:
        """A word where the share lies outside what an interval of 90 % may cover, a stronger one where that is sure."""
        if self.given == 0 or LEAST <= self.share <= MOST:
            return ""
        low = self.share < LEAST
        if self.sure:
            return "**too narrow**" if low else "**too wide**"
        return "below" if low else "above"


def wilson(share: float, count: float, z: float = NORMAL_95) -> tuple[float, float]:
    """The interval of 95 % of a share seen in ``count`` independent trials; ``z``: its half-width in deviations."""
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * np.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return max(float(middle - half), 0.0), min(float(middle + half), 1.0)


def _clustered(held: Array, given: Array) -> tuple[float, float]:
    """Wilson's interval of a share whose trials come in studies: ``held`` of ``given`` (studies,) each.

    Trials of a study share its luck. The variance of the share is that of a ratio estimator over studies, and with few
    studies it is itself not well known, hence Student's t. Where all or none held nothing varies, and a fifth of the
    variance is taken to be common to a study.
    """
    studies, total = len(given), float(given.sum())
    share = float(held.sum() / total)
    if share in (0.0, 1.0) or studies == 1:
        return wilson(share, total / (1 + COMMON * (total / studies - 1)))
    variance = studies / (studies - 1) * float(((held - share * given) ** 2).sum()) / total**2
    count = float(np.clip(share * (1 - share) / max(variance, 1e-12), studies, total))
    return wilson(share, count, NORMAL_95 if total == studies else float(t.ppf(0.975, studies - 1)))


def pooled(studies: Sequence[Study], kind: str) -> Coverage | None:
    """The coverage of one kind of interval; None where no study has it."""
    counts = np.array([one.inside[kind] for one in studies if kind in one.inside]).reshape(-1, 3)
    if len(counts) == 0:
        return None
    held, given, left_open = (int(total) for total in counts.sum(axis=0))
    if given == 0:
        return Coverage(float("nan"), 0, left_open, len(counts), float("nan"), float("nan"))
    told = counts[counts[:, 1] > 0].astype(float)
    return Coverage(held / given, given, left_open, len(told), *_clustered(told[:, 0], told[:, 1]))


def _number(value: float, digits: int = 1) -> str:
    return "–" if not np.isfinite(value) else f"{100 * value:.{digits}f} %"


def _coverage_rows(here: Sequence[Study], before: Sequence[Study]) -> list[str]:
    """One row for each kind of interval: figure, Wilson's interval, counts, mark; first the other checkout's."""
    beside = " before |" if before else ""
    lines = [
        f"| interval of |{beside} holds the truth | 95 % | intervals | studies | not given | |",
        f"| --- |{' ---: |' if before else ''} ---: | --- | ---: | ---: | ---: | --- |",
    ]
    for kind in KINDS:
        one, earlier = pooled(here, kind), pooled(before, kind)
        if one is None:
            continue
        cell = f" {_number(earlier.share) if earlier else '–'} |" if before else ""
        lines.append(
            f"| {kind} |{cell} {_number(one.share)} | {_number(one.low, 0)} to {_number(one.high, 0)} | "
            f"{one.given:,} | {one.studies} | {one.open or ''} | {one.mark} |"
        )
    return [*lines, ""]


def _mean(studies: Sequence[Study], name: str) -> float:
    found = [one.values[name] for one in studies if name in one.values]
    return float(np.mean(found)) if found else float("nan")


def _claims(studies: Sequence[Study]) -> dict[str, str]:
    """What was claimed against what came true, in words."""
    lines: dict[str, str] = {}
    for where in ("in range", "beyond"):
        false = [one.values[f"gain claimed, {where}"] for one in studies if f"gain claimed, {where}" in one.values]
        if false:
            low, high = wilson(float(np.mean(false)), len(false))
            mark = " **more than 10 %**" if np.mean(false) > MOST_FALSE else ""
            lines[f"studies that claim a gain where there is none, {where}"] = (
                f"{int(sum(false))} of {len(false)} ({_number(low, 0)} to {_number(high, 0)}){mark}"
            )
        regret, attainable = _mean(studies, f"regret, {where}"), _mean(studies, f"attainable, {where}")
        if np.isfinite(regret):
            part = f", {100 * regret / attainable:.0f} % of the attainable gain" if attainable > 1e-6 else ""
            lines[f"regret of the found mixture, {where}"] = f"{regret:.5f} nats per token{part}"
    for name in dict.fromkeys(name for one in studies for name in one.pairs):
        claimed, true = np.sqrt(np.nanmean([one.pairs[name] for one in studies if name in one.pairs], axis=0))
        times = f", {true / claimed:.1f} times as much" if claimed > 0 else ""
        lines[f"standard error of {name}: claimed, true"] = f"{claimed:.5f}, {true:.5f}{times}"
    if np.isfinite(_mean(studies, "error, held out")):
        told = "; ".join(f"{region} {_number(_mean(studies, f'error, {region}'), 2)}" for region in REGIONS)
        lines["relative error: held out; true"] = f"{_number(_mean(studies, 'error, held out'), 2)}; {told}"
    ratio = [one.values["best N, told over true"] for one in studies if "best N, told over true" in one.values]
    if ratio:
        least, middle, most = np.quantile(ratio, [0.0, 0.5, 1.0])
        lines["best N: told over true, median and range"] = f"{middle:.2f} ({least:.2f} to {most:.2f})"
        lost = _mean(studies, "loss of the told N and D over the best")
        lines["loss of the told N and D above the best"] = _number(lost, 2)
    advice = {kind: _mean(studies, f"advice, {kind}") for kind in ("right", "wrong", "cannot be told")}
    total = sum(advice.values())
    if np.isfinite(total) and total:
        count = sum("advice, right" in one.values for one in studies) * total
        shares = ", ".join(f"{kind} {100 * value / total:.0f} %" for kind, value in advice.items())
        lines["advice, data or parameters"] = f"{shares} of {count:.0f} verdicts"
    return lines


def _world(name: str, here: Sequence[Study], before: Sequence[Study]) -> list[str]:
    """A world's section."""
    good, earlier = ([one for one in some if one.law] for some in (here, before))
    laws = ", ".join(f"{law} {count}" for law, count in Counter(one.law for one in good).most_common())
    rows, seconds = _mean(good, "rows"), float(np.mean([one.seconds for one in good])) if good else float("nan")
    lines = [f"## {name}", "", f"{WORLDS[name].says[0].upper()}{WORLDS[name].says[1:]}.", ""]
    if good:
        fit = _mean(good, "seconds of fit")
        lines += [f"{rows:.0f} rows, {len(WORLDS[name].languages)} languages; {seconds:.0f} s a study, {fit:.0f} s of "
                  f"them the fit. Laws taken: {laws}.", "", *_coverage_rows(good, earlier)]  # fmt: skip
        told, said = _claims(good), _claims(earlier)
        lines += [
            "| beside |" + (" before |" if before else "") + " found |",
            "| --- |" + " --- |" * (1 + bool(before)),
        ]
        for label, text in told.items():
            lines.append(f"| {label} |" + (f" {said.get(label, '–')} |" if before else "") + f" {text} |")
        lines.append("")
    for some, when in ((here, ""), (before, "before: ")):
        failed = [one for one in some if one.failed]
        if failed:
            lines += [f"{when}{len(failed)} of {len(some)} studies failed in part or whole:", ""]
            lines += [f"- study {one.number}: {one.failed}" for one in failed] + [""]
    return lines


_OVERVIEW = ("losses, in range", "losses, both larger", "difference of a given mixture and uniform",
             "gain over uniform, in range", "optimal shares, in range", "synergy gains, by the law",
             "best N under a budget")  # fmt: skip


def _share(studies: Sequence[Study], name: str, of: Sequence[str]) -> str:
    """The part of ``of`` that is ``name``, over all studies; a dash where there is nothing."""
    total = sum(one.values.get(other, 0.0) for one in studies for other in of)
    return _number(sum(one.values.get(name, 0.0) for one in studies) / total, 0) if total else "–"


def _overview(names: Sequence[str], studies: Sequence[Study]) -> list[str]:
    """The main figures of all worlds; coverages outside 80 to 97 % are slanted, bold where that is sure."""
    columns = (*_OVERVIEW, "false gains", "wrong advice", "failed")
    lines = [f"| world | {' | '.join(columns)} |", f"| --- |{' ---: |' * len(columns)}"]
    for name in names:
        own = [one for one in studies if one.world == name]
        good = [one for one in own if one.law]
        cells = []
        for kind in _OVERVIEW:
            one = pooled(good, kind)
            text = _number(one.share, 0) if one else "–"
            stress = "" if one is None or not one.mark else "**" if one.sure else "*"
            cells.append(f"{stress}{text}{stress}")
        false = [one.values["gain claimed, in range"] for one in good if "gain claimed, in range" in one.values]
        cells.append(f"{int(sum(false))} of {len(false)}" if false else "–")
        cells.append(_share(good, "advice, wrong", ("advice, right", "advice, wrong", "advice, cannot be told")))
        lines.append(
            f"| [{name}](#{name}) | {' | '.join(cells)} | {sum(bool(one.failed) for one in own)} of {len(own)} |"
        )
    return [*lines, ""]


def _together(studies: Sequence[Study], others: Sequence[Study]) -> list[str]:
    """The coverage over all worlds; ``others``: that of the same worlds with other seeds."""
    sides = [[one for one in side if one.law] for side in (studies, others) if side]
    heads = ("this page", "other seeds")[: len(sides)]
    lines = [
        f"| interval of | {' | '.join(f'{head} | 95 %' for head in heads)} | intervals |",
        f"| --- |{' ---: | --- |' * len(sides)} ---: |",
    ]
    for kind in KINDS:
        found = [pooled(side, kind) for side in sides]
        if found[0] is None:
            continue
        cells = [f"{_number(one.share)} | {_number(one.low, 0)} to {_number(one.high, 0)}" for one in found if one]
        lines.append(f"| {kind} | {' | '.join(cells)} | {found[0].given:,} |")
    claimed = [[one.values[name] for one in side if (name := "gain claimed, in range") in one.values] for side in sides]
    counts = [f"{int(sum(side))} of {len(side)} | " for side in claimed]
    return [*lines, f"| false gains of null and flat studies | {' | '.join(counts)} | |", ""]


def _checked(studies: Sequence[Study]) -> str:
    """How sure the true optima are."""
    agreeing, beaten = (
        [value for one in studies for name, value in one.values.items() if name.startswith(start)]
        for start in ("starts agreeing", "optimum beaten")
    )
    if not agreeing:
        return ""
    return (
        "True optima are those of least mean loss that SLSQP finds from eight starts or more: equal shares, near every "
        "vertex, and random mixtures. "
        f"In the {len(agreeing)} optima of this page at least {int(min(agreeing))} of the starts ended within 1e-6 of "
        f"the best, and {int(sum(beaten))} were beaten by any of 4,000 random mixtures."
    )


def _version(folder: Path) -> str:
    """The commit of a checkout."""
    words = ["git", "-C", str(folder), "describe", "--always", "--dirty"]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "no commit"


def write_page(
    path: Path,
    studies: Sequence[Study],
    others: Sequence[Study],
    before: Sequence[Study],
    against: Path | None,
    command: str,
) -> None:
    """Writes the page.

    ``others`` are as many studies with other seeds, ``before`` those of the checkout ``against``, ``command`` is what
    made it, in minutes.
    """
    import scipy

    import codescale
    from codescale.stages.timings import machine

    here, names = machine(), list(dict.fromkeys(one.world for one in studies))
    version = _version(Path(codescale.__file__).parents[1])
    lines = [
        "# Coverage of the intervals on planted worlds", "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by {command}: {here['cpu']}, "
        f"{here['cores']} cores, {here['memory_gb']} GB; Python {here['python']}, NumPy {np.__version__}, SciPy "
        f"{scipy.__version__}, CodeScale {codescale.__version__} at {version}.", "",
    ]  # fmt: skip
    if against:
        lines += [f"*before*: the same studies with the package of another checkout, at {_version(against)}.", ""]
    lines += [
        "Every world has a known truth, drawn anew for each study, and a runs table of usual design with luck: of the "
        "variance of a log loss, a fifth is common to all runs of a seed, a quarter to all languages of a run, 30 % to "
        "the branches of a trunk. `codescale fit`, `predict`, `optimize`, `laws synergy` and `forecast` answer; of "
        "their intervals of 90 %, this is how many hold the truth (of a loss: a new run's loss).", "",
        "In range: at an N and D of the study. Larger: four times the largest. Beyond: four times both. A figure "
        "outside 80 to 97 % is marked *below* or *above*, and **too narrow** or **too wide** where Wilson's interval "
        "of 95 % lies outside too. Intervals of one study share its luck; that is reckoned in by the spread between "
        "studies (where all or none hold, a fifth of the variance is taken to be a study's).", "",
        *([text, ""] if (text := _checked(studies)) else []),
        "## All worlds", "", *_overview(names, studies),
        "## All worlds together", "", *_together(studies, others),
    ]  # fmt: skip
    if before:
        lines += ["Before:", "", *_overview(names, before)]
    for name in names:
        lines += _world(name, *([one for one in some if one.world == name] for some in (studies, before)))
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
