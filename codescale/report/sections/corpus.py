"""The sections on the corpus and on what the stages cost."""

from __future__ import annotations

from codescale.corpus.manifest import Manifest
from codescale.report.figures.cost import cost_picture
from codescale.report.quantities import DASH, count, duration, number, percent, whole
from codescale.report.sections.base import Cell, Grid, PageSection, Subject


def corpus_section(subject: Subject) -> PageSection:
    """What the corpus holds, from where and under which licences."""
    title, manifest = "The corpus", subject.artifacts.manifest
    trainer = subject.config.trainer
    if trainer is not None:
        return PageSection("corpus", title, f"The trainer's own: only it knows its data. Version {trainer.version}.")
    if manifest is None:
        return PageSection("corpus", title, missing="corpus")
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
    return PageSection(
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
        "Language",
        "Documents",
        "Size",
        "Training tokens",
        "Validation",
        "Test",
        "Bytes per token",
        "Split",
        "Licences (documents)",
    )
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


def cost_section(subject: Subject) -> PageSection:
    """Time per stage and what orchestration cost."""
    title, timings = "What it cost", subject.artifacts.timings
    if timings is None or not timings.stages:
        return PageSection("cost", title, missing="demo")
    rows = []
    for name, cost in timings.stages.items():
        known = cost.orchestration_seconds is not None and cost.seconds > 0
        share = percent((cost.orchestration_seconds or 0.0) / cost.seconds) if known else DASH
        rows.append(
            (
                Cell(name),
                Cell(duration(cost.seconds)),
                Cell(duration(cost.orchestration_seconds)),
                Cell(share),
                Cell(whole(cost.runs)),
                Cell(count(cost.tokens)),
                Cell(count(cost.flops)),
            )
        )
    columns = ("Stage", "Wall time", "Orchestration", "Share", "Runs", "Tokens", "FLOPs")
    machine = ", ".join(f"{key} {value}" for key, value in timings.machine.items() if value not in (None, ""))
    return PageSection(
        "cost",
        title,
        "Orchestration is what starting workers, handing out runs and collecting results took beside the work itself.",
        (cost_picture(timings),),
        (Grid("", columns, tuple(rows), frozenset(range(1, 7))),),
        (f"Machine: {machine}.",) if machine else (),
    )
