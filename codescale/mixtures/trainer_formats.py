"""A mixture in the forms that people train with: Megatron-LM, torchtitan, nanotron, and 🤗 ``datasets``.

A mixture is shares of tokens. Three of the four count sequences of one length, where that is the same. What
``datasets.interleave_datasets`` draws are rows: where a row is a document, its probability is the share divided by the
mean tokens of a row, which the sources then have to say.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.errors import UserError
from codescale.files import read_yaml
from codescale.mixtures.mixture import Mixture
from codescale.validation import checked

Format = Literal["megatron", "torchtitan", "nanotron", "datasets"]
FORMATS: tuple[Format, ...] = get_args(Format)

DIGITS = 9
"""After the point, of what is written: of a budget of 1e12 tokens a thousand."""

_SIGNIFICANT = 4
"""Digits of a share that is too small for that, so that no language is dropped by rounding."""


class DataSource(BaseModel):
    """Where a language's data is: a path, a prefix, or a name on the hub, and the mean tokens of a row there."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: str = Field(min_length=1)
    tokens_per_row: float | None = Field(default=None, gt=0, allow_inf_nan=False)


_SOURCES = TypeAdapter(dict[str, DataSource])


def read_sources(path: str | Path) -> dict[str, DataSource]:
    """``paths.yaml``: language to path, or to {path, tokens_per_row}. Raises :class:`UserError` naming the entry."""
    content = read_yaml(path)
    if not isinstance(content, dict) or not content:
        raise UserError(path, "names no paths", "give {python: /data/python, java: /data/java}")
    full = {name: {"path": entry} if isinstance(entry, str) else entry for name, entry in content.items()}
    return checked(_SOURCES, full, path, "give a path, or {path: …, tokens_per_row: 800}")


def export_mixture(mixture: Mixture, sources: Mapping[str, DataSource], form: Format, seed: int = 0) -> str:
    """A mixture as the text of another trainer's file.

    Parameters
    ----------
    mixture
        Shares of tokens; languages without a share are left out.
    sources
        Language to where its data is.
    form
        One of :data:`FORMATS`.
    seed
        Of the trainer's own draws, where its file has one.

    Raises
    ------
    UserError
        For a language that has a share and no source, and where only some of the sources say how many tokens a row
        has.
    """
    languages = list(mixture.support)
    missing = [name for name in languages if name not in sources]
    if missing:
        raise UserError("--paths", f"{missing[0]} has a share and no path", "add it to the file")
    shares = _rounded(languages, [mixture[name] for name in languages])
    paths = [sources[name].path for name in languages]
    if form == "megatron":
        return _megatron(paths, shares)
    if form == "torchtitan":
        return _torchtitan(languages, paths, shares, seed)
    if form == "nanotron":
        return _nanotron(paths, shares, seed)
    return _datasets(languages, [sources[name] for name in languages], shares, seed)


def _rounded(languages: Sequence[str], values: Sequence[float]) -> list[float]:
    """``values`` to :data:`DIGITS` digits, or as many more as a small one needs, with the sum 1: the largest takes what
    rounding left.

    Raises :class:`UserError` that names the first of ``languages`` whose share no number can hold.
    """
    total = math.fsum(values)
    shares = [value / total for value in values]
    for language, share in zip(languages, shares, strict=True):
        if not share > 0:
            raise UserError(language, "its share is too small to be written", "give it more, or a share of 0")
    digits = [max(DIGITS, _SIGNIFICANT - 1 - math.floor(math.log10(share))) for share in shares]
    rounded = [round(share, kept) for share, kept in zip(shares, digits, strict=True)]
    largest = shares.index(max(shares))
    others = math.fsum(share for k, share in enumerate(rounded) if k != largest)
    rounded[largest] = round(1.0 - others, max(digits))
    return rounded


def _plain(share: float) -> str:
    """``share`` without an exponent where its digits suffice, as the trainers' own examples have it."""
    plain = f"{share:.{DIGITS}f}"
    return plain if float(plain) == share else repr(share)


def _megatron(paths: Sequence[str], shares: Sequence[float]) -> str:
    """The arguments of ``--data-path``: weight and prefix of each blended dataset. A file of them is what
    ``--data-args-path`` reads, which splits it at white space and knows no quotes.

    Raises :class:`UserError` for a path that it would split.
    """
    for path in paths:
        if path.split() != [path]:
            raise UserError("--paths", f"{path!r} has white space, at which Megatron splits", "move it, or make a link")
    return "\n".join(f"{_plain(share)} {path}" for share, path in zip(shares, paths, strict=True)) + "\n"


def _torchtitan(languages: Sequence[str], paths: Sequence[str], shares: Sequence[float], seed: int) -> str:
    """The fields of ``InterleavedHuggingFaceTextDataLoader.Config`` and its ``HFDataSource``: weights are probabilities
    with which the next packed sequence comes from a source (torchtitan, docs/datasets.md).
    """
    sources = [
        {"dataset": language, "dataset_path": path, "weight": share, "infinite": True}
        for language, path, share in zip(languages, paths, shares, strict=True)
    ]
    return (
        "# For InterleavedHuggingFaceTextDataLoader.Config; sources are HFDataSource, registered by these names.\n"
        + (_yaml({"dataloader": {"sources": sources, "seed": seed}}))
    )


def _nanotron(paths: Sequence[str], shares: Sequence[float], seed: int) -> str:
    """One of ``data_stages``, with Nanosets: folders of tokenized sequences and the weight of each."""
    dataset = {"dataset_folder": list(paths), "dataset_weights": list(shares)}
    stage = {"name": "mixture", "start_training_step": 1, "data": {"dataset": dataset, "seed": seed}}
    return _yaml({"data_stages": [stage]})


def _datasets(languages: Sequence[str], sources: Sequence[DataSource], shares: Sequence[float], seed: int) -> str:
    """The arguments of ``datasets.interleave_datasets``, as JSON, with the paths of the datasets in their order."""
    lengths = [source.tokens_per_row for source in sources]
    known = [length for length in lengths if length is not None]
    if known and len(known) < len(lengths):
        lost = languages[lengths.index(None)]
        raise UserError(f"--paths, {lost}.tokens_per_row", "is missing, and others have it", "give it for all or none")
    rows = [share / length for share, length in zip(shares, known, strict=True)] if known else shares
    content = {
        "languages": list(languages),
        "paths": [source.path for source in sources],
        "probabilities": _rounded(languages, rows),
        "seed": seed,
        "stopping_strategy": "all_exhausted",
    }
    return json.dumps(content, indent=2) + "\n"


def _yaml(content: object) -> str:
    return str(yaml.safe_dump(content, sort_keys=False, width=120))
