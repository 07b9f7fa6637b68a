"""The sections on the mixtures that were compared, and on the larger scale."""

from __future__ import annotations

from collections.abc import Mapping

from codescale.comparison.result import PairedDifference
from codescale.organisation import SHUFFLED
from codescale.report.artifacts import MIXTURES
from codescale.report.evaluation_noise import evaluation_noise
from codescale.report.figures.mixtures import TITLES, differences_picture, shares_picture
from codescale.report.headline import shares
from codescale.report.quantities import count, interval, signed
from codescale.report.sections.base import Cell, Grid, PageSection, Subject


def mixtures_section(subject: Subject) -> PageSection:
    """The three mixtures side by side and what they change."""
    mixtures = shares(subject.config, subject.artifacts)
    shown = [name for name in subject.languages if any(mixture.get(name, 0.0) > 0 for mixture in mixtures.values())]
    pictures = [shares_picture(mixtures, shown, subject.labels, subject.styles)]
    comparison = subject.artifacts.comparison
    lead = "Pictures hold all against uniform; the predicted best is the law's optimum, the measured best the search's."
    title = "The mixtures side by side"
    if comparison is None:
        unknown = [words.lower() for name, words in TITLES.items() if name not in mixtures]
        note = f"Not known yet: the {' and the '.join(unknown)} mixture."
        return PageSection("mixtures", title, lead, tuple(pictures), (), (note,) if unknown else (), "compare")
    losses = [name for name in subject.languages if any(name in d.losses for d in comparison.differences.values())]
    differences = differences_picture(comparison, losses, subject.labels)
    if differences is not None:
        pictures.append(differences)
    trained = {
        name: _settings(comparison.mixtures[name].hyper, comparison.mixtures[name].organisation)
        for name in MIXTURES
        if name in comparison.mixtures
    }
    notes = [f"{TITLES[name]}: trained with {', '.join(words)}." for name, words in trained.items() if words]
    if (noise := evaluation_noise(comparison, subject.labels)) is not None:
        notes.append(noise)
    return PageSection("mixtures", title, lead, tuple(pictures), (), tuple(notes))


def _settings(hyper: Mapping[str, float], organisation: str) -> list[str]:
    """What of a run's training is not as ever."""
    paired = [] if organisation == SHUFFLED else ["translations in one document"]
    return [f"{key} = {value:.4g}" for key, value in hyper.items()] + paired


def scales_section(subject: Subject) -> PageSection | None:
    """The proof at both scales; None where the study has one alone."""
    comparison = subject.artifacts.comparison
    if comparison is None or comparison.larger is None:
        return None
    larger = comparison.larger
    both = (comparison, larger)
    rows = []
    for name in MIXTURES[1:]:
        if all(name in scale.differences for scale in both):
            cells = (_changed(scale.differences[name].objective) for scale in both)
            rows.append((Cell(f"{TITLES[name]} minus uniform"), *cells))
    found = [scale.measured_minus_predicted for scale in both]
    if all(found):
        rows.append((Cell("Measured best minus predicted best"), *(_changed(one.objective) for one in found if one)))
    columns = tuple(
        f"N = {count(scale.n_params)}, D = {count(scale.n_tokens)}, {len(scale.seeds)} seeds" for scale in both
    )
    notes = [larger.verdict.statement] if larger.verdict else []
    if larger.verdict and larger.verdict.rank_correlation is not None and len(larger.mixtures) <= len(MIXTURES):
        notes.append("Of three mixtures there are six orders, so that a rank correlation of 1 may well be chance.")
    return PageSection(
        "scales",
        "Does the optimum hold at a larger scale?",
        "The same mixtures, trained once more as a larger model. Differences of the objective on the test split, nats "
        f"per token, with {100 * comparison.level:.0f} % intervals, paired by seed.",
        tables=(Grid("", ("", *columns), tuple(rows), frozenset({1, 2})),),
        notes=tuple(notes),
    )


def _changed(difference: PairedDifference) -> Cell:
    tone = "untold"
    if difference.low is not None and difference.high is not None and difference.low * difference.high > 0:
        tone = "seen" if difference.mean < 0 else "not-seen"
    return Cell(signed(difference.mean, 4), interval(difference.low, difference.high, 4), tone=tone)


def proved_on(subject: Subject) -> str:
    """One line under the headline's table: the scale, the split and the seeds of the proof."""
    comparison = subject.artifacts.comparison
    if comparison is None:
        return ""
    return (
        f"Test loss in nats per token ± one standard error over {len(comparison.seeds)} seeds, at "
        f"N = {count(comparison.n_params)} non-embedding parameters and D = {count(comparison.n_tokens)} tokens, on "
        f"the {comparison.split} split, which neither the law nor the search has seen."
    )
