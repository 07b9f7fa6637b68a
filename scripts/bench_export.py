"""What each trainer's own sampler makes of our exported file: shares of tokens in the first 1 % and in the whole.

    PYTHONPATH=. VENV/bin/python scripts/bench_export.py measure levanter --output levanter.json
    .venv/bin/python scripts/bench_export.py page *.json --page docs/benchmarks/export.md

Each trainer is measured in an environment that has it (and numpy, pyyaml and pydantic for us); `page` puts the figures
together. Seven languages, of which one has a share of 0.0003 and one of 0, documents of unequal length, and one corpus
with a third of the tokens that its share asks for. For the loaders that draw apart on every rank: on how many steps
four ranks drew one language, with the file's seed and with one a rank.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from export_samplers import RANKED, SAMPLERS, Corpus, Draw

from codescale.files import read_json, write_json, write_text
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.trainer_formats import DataSource, export_mixture

SHARES = {"python": 0.42, "java": 0.25, "go": 0.15, "rust": 0.1, "ruby": 0.0797, "cobol": 0.0003, "fortran": 0.0}
SMALL = "rust"
"""The language that has a third of the tokens that its share asks for."""
MEAN_LENGTHS = {"python": 90, "java": 160, "go": 120, "rust": 110, "ruby": 60, "cobol": 240, "fortran": 100}
"""Tokens of a document; the lengths of one language spread over a factor of ten."""


def planted_corpus(n_tokens: int, sequence_length: int, batch_size: int) -> Corpus:
    """Documents whose tokens are the number of their language, half as many again as the share asks for."""
    generator = np.random.default_rng(20261130)
    documents = {}
    for number, (language, share) in enumerate(SHARES.items(), start=1):
        wanted = max(share, 0.0003) * n_tokens * (1 / 3 if language == SMALL else 1.5)
        lengths: list[int] = []
        while sum(lengths) < wanted:
            lengths += (8 + generator.lognormal(np.log(MEAN_LENGTHS[language]), 0.6, 200)).astype(int).tolist()
        documents[language] = [np.full(length, number, dtype=np.int64) for length in lengths]
    return Corpus(documents, sequence_length, batch_size, n_tokens)


def realised_shares(draws: Iterator[Draw], n_tokens: int) -> tuple[dict[str, float], dict[str, float]]:
    """Language to its share of the first 1 % of ``n_tokens`` drawn, and of all of them."""
    counts, drawn, first = [0] * len(SHARES), 0, None
    for language, tokens in draws:
        counts[language - 1] += tokens
        drawn += tokens
        if first is None and drawn >= n_tokens // 100:
            first = _shares(counts)
        if drawn >= n_tokens:
            break
    return first or _shares(counts), _shares(counts)


def _shares(counts: list[int]) -> dict[str, float]:
    return {language: count / sum(counts) for language, count in zip(SHARES, counts, strict=True)}


def measure(
    form: str, n_tokens: int, sequence_length: int, batch_size: int, release: str | None = None
) -> dict[str, Any]:
    """The figures of one format: shares, the file's seed on four ranks, versions."""
    corpus = planted_corpus(n_tokens, sequence_length, batch_size)
    folder = Path(tempfile.mkdtemp())
    sources = {
        language: DataSource(
            path=str(folder / language),
            tokens=sum(map(len, documents)),
            tokens_per_row=float(np.mean([len(one) for one in documents])),
        )
        for language, documents in corpus.documents.items()
    }
    text = export_mixture(
        Mixture(SHARES),
        sources,
        form,  # type: ignore[arg-type]
        n_tokens=n_tokens,
        sequence_length=sequence_length,
        batch_size=batch_size,
    )
    sampler, package = SAMPLERS[form]
    first, whole = realised_shares(sampler(text, corpus), n_tokens)
    result = {
        "format": form,
        "package": package,
        "version": release or version(package),
        "first": first,
        "whole": whole,
        "date": f"{datetime.now(tz=UTC):%Y-%m-%d}",
        "n_tokens": n_tokens,
        "sequence_length": sequence_length,
        "batch_size": batch_size,
        "python": platform.python_version(),
    }
    if form in RANKED:
        for name, own in (("one_seed", False), ("own_seeds", True)):
            drawn = [
                [language for language, _ in islice(sampler(text, corpus, rank, 4, own), 2000)] for rank in range(4)
            ]
            result[name] = float(np.mean([len(set(step)) == 1 for step in zip(*drawn, strict=True)]))
    return result


def page(results: list[dict[str, Any]], machine: str) -> str:
    """docs/benchmarks/export.md."""
    results = sorted(results, key=lambda one: list(SAMPLERS).index(one["format"]))
    first = results[0]
    count = first["n_tokens"] // first["sequence_length"]
    lines = [
        "# Exports: what trainers make of them",
        "",
        f"Measured on {' and '.join(sorted({one['date'] for one in results}))} by `scripts/bench_export.py`: "
        f"{machine}, Python {first['python']}.",
        "",
        f"Each trainer's own sampler ran on our exported file: {first['n_tokens']:,} tokens, {count:,} sequences of "
        f"{first['sequence_length']}, {first['batch_size']} a global batch; loaders of rows draw documents.",
        "Documents are of unequal length: the longest twentieth of a language is about six times as long as the",
        "shortest, and cobol's are four times as long as ruby's. `rust` has a third of the tokens that its share asks",
        "for; `fortran` has documents and a share of 0.",
        "",
        "```bash",
        "PYTHONPATH=. VENV/bin/python scripts/bench_export.py measure levanter --output levanter.json  # and so on",
        ".venv/bin/python scripts/bench_export.py page *.json --page docs/benchmarks/export.md",
        "```",
        "",
        "An environment for each trainer, of its present release. nanotron's release has no Nanosets: their file alone",
        "ran, from its sources, with datatrove's present reader in the place of the one that it calls. Levanter drew",
        "from packed sequences, Megatron, nanotron and OLMo-core from files of tokens, the others from documents.",
        "",
        "| format | package | date | | " + " | ".join(SHARES) + " |",
        "| --- | --- | --- | --- | " + " | ".join("---:" for _ in SHARES) + " |",
        "| | | | asked for | " + _cells(SHARES) + " |",
    ]
    for one in results:
        name = f"| `{one['format']}` | {one['package']} {one['version']} | {one['date']} "
        lines.append(name + "| first 1 % | " + _cells(one["first"]) + " |")
        lines.append("| | | | whole | " + _cells(one["whole"]) + " |")
    lines += [
        "",
        "Independent draws of sequences have a standard deviation, for python and cobol, of "
        f"{_deviation(0.42, count / 100):.4f} and {_deviation(0.0003, count / 100):.5f} in the first 1 %, and of",
        f"{_deviation(0.42, count):.4f} and {_deviation(0.0003, count):.5f} in the whole; documents are fewer, so",
        "theirs is larger.",
        "",
        "## Ranks in lockstep",
        "",
        "Share of 2,000 steps on which four ranks all drew the same language. Independent draws do so on",
        f"{sum(share**4 for share in SHARES.values()):.3f} of the steps where rows are of one length.",
        "",
        "| format | one seed for all ranks | a seed a rank |",
        "| --- | ---: | ---: |",
    ]
    lines += [
        f"| `{one['format']}` | {one['one_seed']:.3f} | {one['own_seeds']:.3f} |"
        for one in results
        if "one_seed" in one
    ]
    return "\n".join(lines) + "\n"


def _cells(shares: Mapping[str, float]) -> str:
    return " | ".join(f"{share:.5f}" if 0 < share < 0.01 else f"{share:.4f}" for share in shares.values())


def _deviation(share: float, draws: float) -> float:
    return float(np.sqrt(share * (1 - share) / draws))


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("measure", help="one format, in an environment that has its trainer")
    one.add_argument("format", choices=list(SAMPLERS))
    one.add_argument("--tokens", type=int, default=25_600_000)
    one.add_argument("--sequence-length", type=int, default=64)
    one.add_argument("--batch-size", type=int, default=64)
    one.add_argument("--release", help="what to call the version of a trainer that runs from its sources")
    one.add_argument("--output", type=Path, required=True)
    together = commands.add_parser("page", help="the page of all")
    together.add_argument("results", type=Path, nargs="+")
    together.add_argument("--page", type=Path, required=True)
    options = parser.parse_args()
    if options.command == "measure":
        figures = measure(options.format, options.tokens, options.sequence_length, options.batch_size, options.release)
        write_json(options.output, figures)
        return
    from codescale.stages.timings import machine

    write_text(options.page, page([read_json(path) for path in options.results], str(machine()["cpu"])))


if __name__ == "__main__":
    main()
