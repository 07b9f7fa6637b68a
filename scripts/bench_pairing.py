"""The study of pairing, for real and small: one mixture, equal tokens, translations apart and in one document.

    python scripts/bench_pairing.py FOLDER TABLE [--seeds 5] [--sizes small medium] [--tokens 250000 500000]
        [--paired-shares 1] [--pairs 8] [--vocabulary 1024] [--context 768] [--batch 2] [--judge]

TABLE is a corpus source: a table with the columns program, language and text, or a YAML file with the source's keys.
FOLDER becomes a study with the sweep's plan ``organisation``. Its runs are trained in this one process on one thread,
so that a busy machine has the rest; killed and started again the script goes on where it was. It prints what
``codescale sweep`` prints of such a plan, writes ``organisation.json``, and beside it ``second_halves.json``: what the
second halves cost each run's model without the first, which tells reading the first half from writing better code, and
with an end of document between the two, as a shuffled run knows it.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from codescale.comparison.statistics import paired_difference
from codescale.directions import directions_among, seen_in_training
from codescale.files import read_json, read_yaml, write_json, write_yaml
from codescale.progress import Silent
from codescale.report.terminal.organisation import organisation_table
from codescale.runs.records import RunSpec, read_record, write_record
from codescale.stages.inputs import StageContext
from codescale.stages.organisation import judge_organisations
from codescale.stages.runs import publish
from codescale.stages.study import Study
from codescale.terminal import PlainConsole
from codescale.training.loop.session import TrainingSession
from codescale.training.metrics.translation import translation_pairs
from codescale.training.session_factory import study_session_factory

SHAPES = {
    "small": {"hidden": 32, "layers": 2, "heads": 4, "intermediate": 64},
    "medium": {"hidden": 48, "layers": 3, "heads": 4, "intermediate": 128},
    "large": {"hidden": 64, "layers": 4, "heads": 4, "intermediate": 160},
}
LANGUAGES = ("python", "java", "javascript", "typescript", "csharp", "go", "rust")
HALVES = "second_halves.json"
"""By run, at its longest D: the loss of each direction's second halves ``alone`` and ``apart``, nats per token."""


def source(given: Path) -> dict[str, Any]:
    """The corpus source that ``given`` is or holds."""
    if given.suffix in (".yaml", ".yml"):
        return dict(read_yaml(given))
    return {"kind": "table", "path": str(given.resolve()), "language_column": "language", "program_column": "program"}


def study_of(given: argparse.Namespace) -> dict[str, Any]:
    """The content of study.yaml."""
    last = max(given.tokens)
    return {
        "name": "pairing",
        "languages": list(LANGUAGES),
        "sizes": {size: SHAPES[size] for size in given.sizes},
        "corpus": {
            "sources": [source(given.table)],
            "vocabulary": given.vocabulary,
            "min_file_bytes": 20,
            "near_duplicate_similarity": given.similarity,
        },
        "training": {
            "context": given.context,
            "batch": given.batch,
            "evaluations": 1,
            "translation_evaluation": {"pairs": given.pairs},
        },
        "sweep": {
            "organisation": {
                "sizes": given.sizes,
                "tokens": given.tokens,
                "seeds": given.seeds,
                "paired_shares": given.paired_shares,
            }
        },
        "target": {"size": given.sizes[0], "n_tokens": last},
        "search": {"size": given.sizes[0], "tokens": last},
        "comparison": {"size": given.sizes[0], "tokens": last},
        "ray": {"threads": 1, "workers": 1},
    }


def record_of(study: Study, spec: RunSpec) -> Path:
    """Where the record of a run is, or will be."""
    return study.folder.runs / f"{spec.run_id}.json"


def train(study: Study, specs: Sequence[RunSpec]) -> None:
    """Trains those of ``specs`` that have no record yet, seed by seed, so that what is done can be judged."""
    factory = replace(study_session_factory(study.config, study.folder), curves_folder=None)
    for number, spec in enumerate(sorted(specs, key=lambda one: (one.seed, one.n_params)), 1):
        if record_of(study, spec).exists():
            continue
        began = time.process_time()
        session = factory(spec)
        while not session.finished:
            session.advance()
        remember_halves(study.folder.root / HALVES, session)
        record = session.record(session.outcome)
        write_record(study.folder.runs, record)
        session.discard_checkpoint()
        print(
            f"{number}/{len(specs)} {spec.run_id}: {record.status}, {time.process_time() - began:.0f} CPU s", flush=True
        )


def remember_halves(path: Path, session: TrainingSession) -> None:
    """Adds what the model of a finished run loses on the second halves of each direction: ``alone``, an end of document
    before them in place of the first half; and ``apart``, that end between the two halves.
    """
    corpus, training = session.data.corpus, session.training
    assert training.translation_evaluation is not None
    known = read_json(path) if path.exists() else {}
    end = torch.tensor([corpus.end_of_document])
    found: dict[str, dict[str, float]] = {"alone": {}, "apart": {}}
    session.model.eval()
    for name in directions_among(LANGUAGES):
        pairs = translation_pairs(
            corpus, name, "validation", pairs=training.translation_evaluation.pairs, context=training.context
        )
        if pairs is None:
            continue
        nats, tokens = {"alone": 0.0, "apart": 0.0}, 0
        for row, counted in zip(pairs.sequences, pairs.counted, strict=True):
            first, second = row[: int(counted.nonzero()[0]) + 1], row[1:][counted]
            before = {"alone": end, "apart": torch.cat([first, end])[-(training.context + 1 - len(second)) :]}
            for how, prefix in before.items():
                with torch.no_grad():
                    losses = session.model.token_losses(torch.cat([prefix, second])[None])
                nats[how] += float(losses[0, len(prefix) - 1 :].double().sum())
            tokens += len(second)
        for how, total in nats.items():
            found[how][name] = total / tokens
    write_json(path, known | {session.spec.run_id: found})


def gains(study: Study, specs: Sequence[RunSpec]) -> None:
    """Prints, at the longest D, the second halves' loss in each arm and the difference between the arms: without the
    first half, after it and an end of document, after it without; and what the first half saves.
    """
    halves, pivot = read_json(study.folder.root / HALVES), study.config.training.pivot
    print("\nMean loss of second halves, nats per token, longest D; differences are paired minus shuffled:")
    for size in study.config.sizes:
        for family, seen in (("seen", True), ("unseen", False)):
            arms: dict[str, dict[str, list[float]]] = {}
            for spec in specs:
                if spec.size != size or spec.hyper:
                    continue
                losses = halves[spec.run_id] | {"together": read_record(record_of(study, spec)).final_losses()}
                names = [name for name in losses["alone"] if seen_in_training(name, pivot) == seen]
                mean = {how: fmean(each[name] for name in names) for how, each in losses.items()}
                for how, value in (mean | {"saved": mean["alone"] - mean["together"]}).items():
                    arms.setdefault(how, {}).setdefault(spec.organisation, []).append(value)
            for how, each in arms.items():
                if len({*map(len, each.values())}) > 1 or len(each) < 2:
                    continue  # one arm has a seed more so far
                one = paired_difference(each["paired"], each["shuffled"])
                both = f"shuffled {fmean(each['shuffled']):.4f}, paired {fmean(each['paired']):.4f}"
                difference = f"{one.mean:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
                print(f"{size}, {family}, {how}: {both}, difference {difference}, {len(each['paired'])} seeds")


def main() -> None:
    """Makes the study, trains what is missing, and prints what came out."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--sizes", nargs="+", default=["small", "medium"], choices=tuple(SHAPES))
    parser.add_argument("--tokens", nargs="+", type=int, default=[250_000, 500_000])
    parser.add_argument("--paired-shares", nargs="+", type=float, default=[1.0])
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--vocabulary", type=int, default=1_024)
    parser.add_argument("--context", type=int, default=768)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--similarity", type=float, default=0.8, help="from which a file counts as a copy")
    parser.add_argument("--judge", action="store_true", help="train nothing more, judge what is done")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.folder.mkdir(parents=True, exist_ok=True)
    if not (given.folder / "study.yaml").exists():
        write_yaml(given.folder / "study.yaml", study_of(given))
    study = Study(given.folder)
    if not study.folder.manifest.exists():
        study.corpus()
    manifest = json.loads(study.folder.manifest.read_text())
    for language, entry in manifest["languages"].items():
        print(language, entry["tokens"], entry.get("programs"), entry["dropped"])
    specs = study.plan()
    if not given.judge:
        train(study, specs)
    publish(study.folder)
    specs = [spec for spec in specs if record_of(study, spec).exists()]
    records = [read_record(record_of(study, spec)) for spec in specs]
    result = judge_organisations(StageContext(study.config, study.folder, Silent()), records)
    if result is not None:
        PlainConsole().print(organisation_table(result))
        gains(study, specs)


if __name__ == "__main__":
    main()
