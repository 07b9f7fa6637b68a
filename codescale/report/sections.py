"""The page's sections: what each shows, made from the artifacts, or the command that would make them.

Every function returns a :class:`Section`; the template only sets them. Texts stay plain here and are escaped there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from codescale.organisation import PAIRED, SHUFFLED
from codescale.report.artifacts import MIXTURES, Artifacts, Difference, LanguageScaling, Manifest, Search, Synergy
from codescale.report.claims import paper_claims
from codescale.report.cost_figure import cost_picture
from codescale.report.figure import Picture
from codescale.report.headline import shares
from codescale.report.law_figures import HeldOutError, Pairing, errors_picture, misses, proof_picture, runs_picture
from codescale.report.mixture_figures import TITLES, differences_picture, shares_picture
from codescale.report.palette import Look
from codescale.report.quantities import (
    DASH,
    count,
    duration,
    interval,
    mean_in_words,
    number,
    percent,
    signed,
    signed_percent,
    whole,
)
from codescale.report.scaling_figures import difficulties, difficulty_picture, scaling_pictures
from codescale.report.search_figures import search_pictures
from codescale.report.synergy_figure import synergy_picture
from codescale.study import StudyConfig


@dataclass(frozen=True)
class Cell:
    """A table's cell: its text, a second line in small print, the colour of its language and how it is set off.

    ``tone`` is one of the page's classes: ``seen``, ``not-seen``, ``untold``, ``quiet`` or empty.
    """

    text: str
    small: str = ""
    colour: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Grid:
    """A table: its caption, the titles of its columns (those in ``numeric`` are aligned to the right) and its rows.

    ``folded`` tables are closed until a reader opens them.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    folded: bool = False


@dataclass(frozen=True)
class Section:
    """A section of the page.

    ``missing`` is the command that makes what it lacks, empty where nothing is lacking; ``formula`` is set as code.
    """

    name: str
    title: str
    lead: str = ""
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()
    missing: str = ""
    formula: str = ""


@dataclass(frozen=True)
class Subject:
    """What every section is made from."""

    config: StudyConfig
    artifacts: Artifacts
    labels: Mapping[str, str]
    looks: Mapping[str, Look]
    languages: Sequence[str]
    pairings: Sequence[Pairing] | None
    errors: Sequence[HeldOutError]

    def language(self, name: str) -> Cell:
        """The cell that names a language, with its colour."""
        return Cell(self.labels.get(name, name), colour=self.looks[name].colour if name in self.looks else "")


def scaling_section(subject: Subject) -> Section:
    """Curves with fits, and the fitted parameters in a folded table."""
    title, scaling = "How each language scales", subject.artifacts.scaling
    if scaling is None:
        return Section("scaling", title, missing="fit")
    names = ("E", "A", "alpha", "B", "beta")
    rows = []
    for language, fit in scaling.languages.items():
        cells = [_parameter(fit, name) for name in names]
        rmse = Cell(number(fit.rmse, 4), tone="")
        rows.append((subject.language(language), *cells, rmse, Cell(whole(fit.n_runs))))
    level = f"{100 * scaling.level:.0f} %"
    table = Grid(
        f"Fitted parameters with {level} bootstrap intervals; grey: the runs cannot tell this parameter",
        ("Language", "E", "A", "alpha", "B", "beta", "fit error, nats", "runs"),
        tuple(rows),
        frozenset(range(1, 8)),
        folded=True,
    )
    notes = tuple(
        f"{subject.labels.get(language, language)} was left out: {reason}."
        for language, reason in scaling.skipped.items()
    )
    return Section(
        "scaling",
        title,
        "Every language was trained alone at several model sizes and token counts. All panels share one loss axis; "
        "the lines are the fitted law.",
        tuple(scaling_pictures(scaling, subject.labels, subject.looks)),
        (table,) if rows else (),
        notes,
        formula="L = E + A N^-alpha + B D^-beta",
    )


def _parameter(fit: LanguageScaling, name: str) -> Cell:
    estimate = fit.parameters.get(name)
    if estimate is None:
        return Cell(DASH)

    def plain(value: float) -> str:
        return number(value, 3) if abs(value) < 100 else count(value)

    low, high = estimate.low, estimate.high
    bounds = f"[{plain(low)}, {plain(high)}]" if low is not None and high is not None else ""
    return Cell(plain(estimate.value), bounds, tone="quiet" if name in fit.unidentified else "")


def difficulty_section(subject: Subject) -> Section:
    """Bits per byte of every language."""
    artifacts = subject.artifacts
    found = difficulties(artifacts.scaling, artifacts.manifest, artifacts.comparison)
    if not found:
        missing = "fit" if artifacts.manifest else "corpus"
        return Section("difficulty", "How hard each language is", missing=missing)
    return Section(
        "difficulty",
        "How hard each language is",
        "Losses in nats per token cannot be compared across languages; per byte of source text they can.",
        (difficulty_picture(found, subject.labels),),
    )


def synergy_section(subject: Subject) -> Section:
    """The matrix, and the losses of every language alone that it must be read beside."""
    title, synergy = "Which languages help each other", subject.artifacts.synergy
    if synergy is None:
        return Section("synergy", title, missing="fit")
    scale = f"N = {count(synergy.n_params)} parameters, D = {count(synergy.n_tokens)} tokens"
    rows = tuple(
        (
            subject.language(language), Cell(number(alone.half)), Cell(number(alone.twice)), Cell(number(alone.fresh))
        )
        for language, alone in synergy.alone.items()
    )  # fmt: skip
    table = Grid(
        "Each language alone (validation loss, nats per token): half the tokens, those twice, and as many fresh ones",
        ("Language", "D/2 once", "D/2 twice", "D fresh"),
        rows,
        frozenset({1, 2, 3}),
        folded=True,
    )
    return Section(
        "synergy",
        title,
        "The gain of one language on another compares two runs of the same length: one sees its own tokens twice, the "
        f"other sees them once and the helper's for the rest ({scale}). It therefore also holds what repetition is "
        "worth, which the folded table shows.",
        (synergy_picture(synergy, subject.labels),) if synergy.gain else (),
        (table,) if rows else (),
        _synergy_notes(synergy, subject.labels),
    )


def _synergy_notes(synergy: Synergy, labels: Mapping[str, str]) -> tuple[str, ...]:
    gains = [
        (gain.value, source, target)
        for target, row in synergy.gain.items()
        for source, gain in row.items()
        if gain is not None and source != target
    ]
    if not gains:
        return (f"Nothing to show: {synergy.reason}.",) if synergy.reason else ()
    value, source, target = max(gains)
    name = labels.get(source, source)
    largest = f"Largest gain: {name} on {labels.get(target, target)}, {signed_percent(value)}."
    if synergy.degrees_of_freedom == 0:
        return largest, "No run was repeated with another seed: the noise is unknown, and no gain has an interval."
    return (largest,)


def mixtures_section(subject: Subject) -> Section:
    """The three mixtures side by side and what they change."""
    mixtures = shares(subject.config, subject.artifacts)
    shown = [name for name in subject.languages if any(mixture.get(name, 0.0) > 0 for mixture in mixtures.values())]
    pictures = [shares_picture(mixtures, shown, subject.labels, subject.looks)]
    comparison = subject.artifacts.comparison
    lead = (
        "Uniform is the yardstick, the predicted best is the law's optimum, the measured best is what the search found."
    )
    title = "The mixtures side by side"
    if comparison is None:
        unknown = [words.lower() for name, words in TITLES.items() if name not in mixtures]
        note = f"Not known yet: the {' and the '.join(unknown)} mixture."
        return Section("mixtures", title, lead, tuple(pictures), (), (note,) if unknown else (), "compare")
    losses = [name for name in subject.languages if any(name in d.losses for d in comparison.differences.values())]
    differences = differences_picture(comparison, losses, subject.labels)
    if differences is not None:
        pictures.append(differences)
    trained = {
        name: _settings(comparison.mixtures[name].hyper, comparison.mixtures[name].organisation)
        for name in MIXTURES
        if name in comparison.mixtures
    }
    notes = tuple(f"{TITLES[name]}: trained with {', '.join(words)}." for name, words in trained.items() if words)
    return Section("mixtures", title, lead, tuple(pictures), (), notes)


def _settings(hyper: Mapping[str, float], organisation: str) -> list[str]:
    """What of a run's training is not as ever."""
    paired = [] if organisation == SHUFFLED else ["translations in one document"]
    return [f"{key} = {value:.4g}" for key, value in hyper.items()] + paired


def scales_section(subject: Subject) -> Section | None:
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
    if larger.verdict and larger.verdict.rank_correlation is not None:
        notes.append("Of three mixtures there are six orders, so that a rank correlation of 1 may well be chance.")
    return Section(
        "scales",
        "Does the optimum hold at a larger scale?",
        "The same mixtures, trained once more as a larger model. Differences of the objective on the test split, nats "
        f"per token, with {100 * comparison.level:.0f} % intervals, paired by seed.",
        tables=(Grid("", ("", *columns), tuple(rows), frozenset({1, 2})),),
        notes=tuple(notes),
    )


def _changed(difference: Difference) -> Cell:
    tone = "untold"
    if difference.low is not None and difference.high is not None and difference.low * difference.high > 0:
        tone = "seen" if difference.mean < 0 else "not-seen"
    return Cell(signed(difference.mean, 4), interval(difference.low, difference.high, 4), tone=tone)


def search_section(subject: Subject) -> Section:
    """Progress, curves and what pruning saved."""
    title, search = "The search", subject.artifacts.search
    if search is None:
        return Section("search", title, missing="search")
    return Section(
        "search",
        title,
        "Around the law's optimum real runs were trained, each judged on the validation split.",
        tuple(search_pictures(search)),
        tables=_front(search, subject.labels),
        notes=(_search_account(search), *_minimised(search, subject.labels), *_organised(search)),
    )


def _front(search: Search, labels: Mapping[str, str]) -> tuple[Grid, ...]:
    """The runs on the Pareto front, in order of the first objective; none where there is one objective."""
    if not search.front:
        return ()
    objectives = tuple(search.front[0].objectives)
    languages = tuple(name for name in labels if any(one.proportions.get(name, 0.0) > 0 for one in search.front))
    rows = tuple(
        (
            Cell(one.run_id),
            *(Cell(f"{one.objectives[name]:.4f}" if name in one.objectives else DASH) for name in objectives),
            *(Cell(percent(one.proportions.get(name, 0.0))) for name in languages),
        )
        for one in search.front
    )
    columns = ("run", *objectives, *(labels[name] for name in languages))
    caption = "The Pareto front: no run beats one of these in every objective (validation split, one seed each)"
    return (Grid(caption, columns, rows, frozenset(range(1, len(columns)))),)


def _minimised(search: Search, labels: Mapping[str, str]) -> tuple[str, ...]:
    """What the search minimised, which a search space may say otherwise than the study."""
    terms = [f"{weight:+g} × {name}" for name, weight in search.metrics.items()]
    if search.weights:
        terms = [mean_in_words(search.weights, labels), *terms]
    if not terms:
        return ()
    others = f" This is one of {len(search.directions)} searches of a Pareto front." if search.directions else ""
    return (f"It minimised {', '.join(terms)}.{others}",)


def _organised(search: Search) -> tuple[str, ...]:
    """What the search says of the data's organisation; nothing where no trial had its translations paired."""
    paired = [trial for trial in search.trials if trial.organisation == PAIRED]
    if not paired or search.best is None:
        return ()
    best = "in one document" if search.best.organisation == PAIRED else "apart"
    return (
        f"In {len(paired)} of {len(search.trials)} runs a snippet and its translation stood in one document; in the "
        f"one that the search recommends they stand {best}.",
    )


def _search_account(search: Search) -> str:
    states = [trial.state for trial in search.trials if trial.number is not None]
    parts = [f"{len(states)} trials: {states.count('COMPLETE')} completed, {states.count('PRUNED')} pruned"]
    for state, words in (("FAIL", "failed"), ("RUNNING", "under way")):
        if states.count(state):
            parts.append(f"{states.count(state)} {words}")
    text = ", ".join(parts)
    if search.tokens_trained is not None:
        text += f"; {count(search.tokens_trained)} tokens trained"
    if search.tokens_saved_by_pruning:
        text += f", {count(search.tokens_saved_by_pruning)} saved by pruning"
    if search.checked:
        won, cost = sum(one.won for one in search.checked), sum(one.tokens_trained for one in search.checked)
        text += (
            f". Of {len(search.checked)} stopped trials, drawn at random and trained to their end for {count(cost)} "
            f"tokens, {won or 'none'} would have won"
        )
    if search.reason:
        text += f". It ended before its budget: {search.reason}"
    left = search.recommended.remaining if search.recommended else None
    if left is not None:
        text += (
            f". Further trials may gain {number(left.expected, 4)} nats per token over what it recommends (90 % of "
            f"draws: {number(left.low, 4)} to {number(left.high, 4)})"
        )
    return f"{text}."


def law_section(subject: Subject) -> Section:
    """Predicted against measured."""
    title = "Predicted against measured"
    if subject.artifacts.law is None:
        return Section("law", title, missing="fit")
    pictures: list[Picture] = []
    notes: list[str] = []
    if subject.pairings:
        pictures.append(runs_picture(subject.pairings))
        for stage, words in (("mixture", "the sweep's mixtures"), ("trial", "the search's trials")):
            errors = [p.predicted - p.measured for p in subject.pairings if p.stage == stage]
            if errors:
                size = (sum(error * error for error in errors) / len(errors)) ** 0.5
                notes.append(
                    f"Over {words} ({len(errors)} points) the law's error is {number(size, 4)} nats per token "
                    f"(root mean square), {number(sum(errors) / len(errors), 4)} on average."
                )
    elif subject.pairings is None:
        notes.append("The stored law could not be asked for predictions of the runs.")
    else:
        notes.append("There are no finished mixture runs yet to hold against the law.")
    comparison = subject.artifacts.comparison
    best = comparison.mixtures.get("predicted_best") if comparison else None
    found = misses(best, subject.languages, subject.labels, subject.looks) if best is not None else []
    if found:
        pictures.append(proof_picture(found))
    lead = "The law says what a mixture's loss will be before it is trained; here is how that turned out."
    return Section("law", title, lead, tuple(pictures), (), tuple(notes), "" if best is not None else "compare")


def held_out_section(subject: Subject) -> Section:
    """The candidates' errors beside the baselines'."""
    title, law = "Which law predicts best", subject.artifacts.law
    if law is None:
        return Section("held-out", title, missing="fit")
    if not subject.errors:
        return Section("held-out", title, notes=("The law file holds no held-out errors.",))
    kinds = list(dict.fromkeys(kind for candidate in subject.errors for kind in candidate.splits))
    rows = tuple(
        (
            Cell(candidate.name, _role(candidate)), Cell(percent(candidate.error, 2)),
            *(Cell(percent(candidate.splits.get(kind), 2)) for kind in kinds),
        )
        for candidate in subject.errors
    )  # fmt: skip
    columns = ("Law", "Mean", *(_HOLD_OUTS.get(kind, kind) for kind in kinds))
    unidentified = list(dict.fromkeys(law.unidentified.values()))
    return Section(
        "held-out",
        title,
        f"Every law was fitted without some of the runs and then asked for them. In use is {law.name}.",
        (errors_picture(subject.errors),),
        (Grid("", columns, rows, frozenset(range(1, len(columns)))),),
        tuple(f"Some parameters cannot be told from these runs: {reason}." for reason in unidentified),
        formula=law.formula,
    )


_HOLD_OUTS = {
    "mixtures": "unseen mixtures",
    "runs": "unseen runs",
    "longest": "the longest runs (D)",
    "largest": "the largest models (N)",
    "both": "the largest models' longest runs",
}


def _role(candidate: HeldOutError) -> str:
    return "in use" if candidate.is_chosen else "baseline" if candidate.is_baseline else ""


def claims_section(subject: Subject) -> Section:
    """The paper's claims and this study's verdicts."""
    title = "The paper's claims, at this scale"
    claims = paper_claims(subject.artifacts.scaling, subject.artifacts.synergy, subject.labels)
    if not claims:
        return Section("claims", title, missing="fit")
    tones = {"seen": "seen", "not seen": "not-seen"}
    rows = tuple(
        (
            Cell(claim.statement, claim.measure), Cell(claim.figure), Cell(claim.interval or DASH),
            Cell(claim.verdict, tone=tones.get(claim.verdict, "untold")),
        )
        for claim in claims
    )  # fmt: skip
    missing = "" if subject.artifacts.scaling and subject.artifacts.synergy else "fit"
    return Section(
        "claims",
        title,
        "What Yang et al. (2025, arXiv 2512.13472) report for models of 0.1 to 3.1 billion parameters, held against "
        "this study's own runs. A verdict is only given where the interval allows one.",
        tables=(Grid("", ("Claim", "Our figure", "Interval", "Verdict"), rows),),
        missing=missing,
    )


def corpus_section(subject: Subject) -> Section:
    """What the corpus holds, from where and under which licences."""
    title, manifest = "The corpus", subject.artifacts.manifest
    if manifest is None:
        return Section("corpus", title, missing="corpus")
    vocabulary = f", vocabulary {whole(manifest.vocabulary)}" if manifest.vocabulary else ""
    sources = tuple(
        (Cell(s.name), Cell(s.version or DASH), Cell(s.licence or DASH), Cell((s.sha256 or DASH)[:16]))
        for s in manifest.sources
    )
    tables = [_languages_table(subject, manifest)]
    if sources:
        columns = ("Source", "Version", "Licence", "SHA-256 (start)")
        tables.append(Grid("Sources", columns, sources, folded=True))
    tables.append(_dropped_table(subject, manifest))
    return Section(
        "corpus",
        title,
        f"Corpus {manifest.corpus_id[:16] or DASH}{vocabulary}. Splits keep whole packages or folders together, so "
        "that no model is judged on a file whose neighbours it was trained on.",
        tables=tuple(tables),
    )


def _languages_table(subject: Subject, manifest: Manifest) -> Grid:
    rows = []
    for language, entry in manifest.languages.items():
        licences = sorted(entry.licences.items(), key=lambda item: -item[1])
        rows.append(
            (
                subject.language(language),
                Cell(whole(sum(entry.documents.values()))),
                Cell(count(sum(entry.bytes.values()), "B")),
                *(Cell(count(entry.tokens.get(split))) for split in ("training", "validation", "test")),
                Cell(number(entry.bytes_per_token.get("training"), 2)),
                Cell(f"by {entry.split_by}" if entry.split_by else DASH),
                Cell(", ".join(f"{name} ({whole(documents)})" for name, documents in licences) or DASH),
            )
        )
    columns = (
        "Language", "Documents", "Size", "Training tokens", "Validation", "Test", "Bytes per token", "Split",
        "Licences (documents)",
    )  # fmt: skip
    return Grid("", columns, tuple(rows), frozenset(range(1, 7)))


def _dropped_table(subject: Subject, manifest: Manifest) -> Grid:
    reasons = list(dict.fromkeys(reason for entry in manifest.languages.values() for reason in entry.dropped))
    rows = tuple(
        (subject.language(language), *(Cell(whole(entry.dropped.get(reason, 0))) for reason in reasons))
        for language, entry in manifest.languages.items()
    )
    titles = tuple(reason.replace("_", " ") for reason in reasons)
    return Grid(
        "Files left out, and why", ("Language", *titles), rows, frozenset(range(1, len(titles) + 1)), folded=True
    )


def cost_section(subject: Subject) -> Section:
    """Time per stage and what orchestration cost."""
    title, timings = "What it cost", subject.artifacts.timings
    if timings is None or not timings.stages:
        return Section("cost", title, missing="demo")
    rows = []
    for name, cost in timings.stages.items():
        known = cost.orchestration_seconds is not None and cost.seconds > 0
        share = percent((cost.orchestration_seconds or 0.0) / cost.seconds) if known else DASH
        rows.append(
            (
                Cell(name), Cell(duration(cost.seconds)), Cell(duration(cost.orchestration_seconds)), Cell(share),
                Cell(whole(cost.runs)), Cell(count(cost.tokens)), Cell(count(cost.flops)),
            )
        )  # fmt: skip
    columns = ("Stage", "Wall time", "Orchestration", "Share", "Runs", "Tokens", "FLOPs")
    machine = ", ".join(f"{key} {value}" for key, value in timings.machine.items() if value not in (None, ""))
    return Section(
        "cost",
        title,
        "Orchestration is what starting workers, handing out runs and collecting results took beside the work itself.",
        (cost_picture(timings),),
        (Grid("", columns, tuple(rows), frozenset(range(1, 7))),),
        (f"Machine: {machine}.",) if machine else (),
    )


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


def all_sections(subject: Subject) -> list[Section]:
    """The page's sections after the headline, in order."""
    scales = scales_section(subject)
    return [
        scaling_section(subject),
        difficulty_section(subject),
        synergy_section(subject),
        mixtures_section(subject),
        *([scales] if scales else []),
        search_section(subject),
        law_section(subject),
        held_out_section(subject),
        claims_section(subject),
        corpus_section(subject),
        cost_section(subject),
    ]
