"""Where each language's data is, and what is drawn of it: ``paths.yaml``, and the shares that a trainer's file says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from codescale.errors import UserError
from codescale.files import read_yaml
from codescale.mixtures.trainer_formats.shares import rounded
from codescale.validation import Number, checked


class DataSource(BaseModel):
    """Where a language's data is: a path, a prefix, or a name on the hub; the mean tokens of a row there, and the
    tokens of all of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: str = Field(min_length=1)
    tokens_per_row: Number | None = Field(default=None, gt=0, allow_inf_nan=False)
    tokens: Number | None = Field(default=None, gt=0, allow_inf_nan=False)


_SOURCES = TypeAdapter(dict[str, DataSource])


def read_sources(path: str | Path) -> dict[str, DataSource]:
    """``paths.yaml``: language to path, or to {path, tokens_per_row, tokens}. Raises :class:`UserError` naming the
    entry.
    """
    content = read_yaml(path)
    if not isinstance(content, dict) or not content:
        raise UserError(path, "names no paths", "give {python: /data/python, java: /data/java}")
    full = {name: {"path": entry} if isinstance(entry, str) else entry for name, entry in content.items()}
    return checked(_SOURCES, full, path, "give a path, or {path: …, tokens_per_row: 800, tokens: 3e9}")


@dataclass(frozen=True)
class WeightedSources:
    """What a trainer's file states: languages with a share, in order.

    Attributes
    ----------
    languages, sources, shares
        Each language's name, its data, and its share of the tokens; shares are above 0 and sum to 1.
    seed
        Of the trainer's own draws.
    n_tokens
        D: the budget in tokens; None where nobody says.
    sequence_length
        Tokens of a training sequence.
    batch_size
        Sequences of a global batch; None where nobody says.
    """

    languages: Sequence[str]
    sources: Sequence[DataSource]
    shares: Sequence[float]
    seed: int
    n_tokens: float | None
    sequence_length: int
    batch_size: int | None

    @property
    def paths(self) -> list[str]:
        """Where the data is, in the order of the languages."""
        return [source.path for source in self.sources]

    def epochs(self) -> dict[str, float]:
        """Language to the passes over its data that its share asks for, where both are known."""
        if self.n_tokens is None:
            return {}
        return {
            language: share * self.n_tokens / source.tokens
            for language, share, source in zip(self.languages, self.shares, self.sources, strict=True)
            if source.tokens
        }

    def shares_of_rows(self) -> list[float]:
        """The probabilities of drawing a row of each language by which tokens come out in its share.

        Without ``tokens_per_row`` rows count as equally long. Raises :class:`UserError` where only some sources have
        it.
        """
        lengths = [source.tokens_per_row for source in self.sources]
        known = [length for length in lengths if length is not None]
        if not known:
            return list(self.shares)
        if len(known) < len(lengths):
            lost = self.languages[lengths.index(None)]
            raise UserError(
                f"--paths, {lost}.tokens_per_row", "is missing, and others have it", "give it for all or none"
            )
        return rounded(self.languages, [share / length for share, length in zip(self.shares, known, strict=True)])
