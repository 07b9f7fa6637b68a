"""Runs tables generated from a known law: effective data with transfer, noise between seeds as asked."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from codescale.runs.table import RunsTable, write_runs
from codescale.runs.table_reader import read_runs

SIZES = (27e3, 83e3, 151e3)
TOKENS = (1e5, 2e5, 4e5)


@dataclass(frozen=True)
class Truth:
    """Parameters (languages,) and transfer (languages, languages) of the law that makes the losses; ``kappa`` joins the
    terms of N and D, 1: they add up.
    """

    floor: Any
    height_n: Any
    alpha: Any
    height_d: Any
    beta: Any
    transfer: Any
    kappa: float = 1.0

    def losses(self, n_params: float, n_tokens: float, shares: Any) -> Any:
        """(languages,) in nats per token."""
        data = n_tokens * (self.transfer @ shares)
        terms = (self.height_n * n_params**-self.alpha, self.height_d * data**-self.beta)
        if self.kappa == 1.0:
            return self.floor + terms[0] + terms[1]
        return self.floor + sum(term ** (1.0 / self.kappa) for term in terms) ** self.kappa


def make_truth(count: int, seed: int = 0) -> Truth:
    """A plausible law of ``count`` languages."""
    draw = np.random.default_rng(seed).random
    transfer = 0.05 + 0.3 * draw((count, count))
    np.fill_diagonal(transfer, 1.0)
    return Truth(
        1.5 + draw(count),
        8 + 4 * draw(count),
        0.25 + 0.1 * draw(count),
        60 + 40 * draw(count),
        0.3 + 0.1 * draw(count),
        transfer,
    )


class TableMaker:
    """Collects rows of a runs table."""

    def __init__(self, truth: Truth, languages: Sequence[str], noise: float, seed: int = 0) -> None:
        self.truth, self.languages, self.noise = truth, list(languages), noise
        self.generator = np.random.default_rng(seed)
        self.rows: list[dict[str, Any]] = []

    def add(self, run: str, n_params: float, n_tokens: float, shares: Any, seed: int = 0, unique: float = 1e18) -> None:
        """One cooldown branch of the trunk ``run``; repeated tokens count for nothing."""
        seen = np.minimum(n_tokens * shares, unique)
        losses = self.truth.losses(n_params, seen.sum(), seen / seen.sum())
        losses = losses * np.exp(self.noise * self.generator.standard_normal(len(losses)))
        row: dict[str, Any] = {
            "run_id": f"{run}@{n_tokens:.0f}",
            "parent_run_id": run,
            "n_params": n_params,
            "n_tokens": n_tokens,
            "seed": seed,
            "corpus_id": "c",
        }
        for k, name in enumerate(self.languages):
            row |= {f"proportion.{name}": float(shares[k]), f"loss.{name}": float(losses[k])}
            row |= {f"unique_tokens.{name}": float(seen[k])}
        self.rows.append(row)

    def grid(self) -> None:
        """Every language alone, sizes by tokens."""
        for (k, name), n_params, n_tokens in itertools.product(enumerate(self.languages), SIZES, TOKENS):
            self.add(f"grid-{name}-{n_params:.0f}", n_params, n_tokens, np.eye(len(self.languages))[k])

    def pairs(self, seeds: int) -> None:
        """The synergy runs at the middle size and D = 300,000."""
        count, n_params, n_tokens = len(self.languages), SIZES[1], 3e5
        for seed in range(seeds):
            for k, name in enumerate(self.languages):
                for tokens in (n_tokens / 2, n_tokens):
                    self.add(f"alone-{name}-s{seed}", n_params, tokens, np.eye(count)[k], seed, n_tokens / 2)
            for i, j in itertools.combinations(range(count), 2):
                shares = np.zeros(count)
                shares[[i, j]] = 0.5
                run = f"pair-{self.languages[i]}+{self.languages[j]}-s{seed}"
                self.add(run, n_params, n_tokens, shares, seed, n_tokens / 2)

    def mixtures(self, count: int, sizes: Sequence[float] = SIZES[-1:], tokens: Sequence[float] = TOKENS[1:]) -> None:
        """Mixtures spread over the simplex."""
        for k, shares in enumerate(self.generator.dirichlet(np.ones(len(self.languages)), size=count)):
            for n_params, n_tokens in itertools.product(sizes, tokens):
                self.add(f"mixture-{k}-{n_params:.0f}", n_params, n_tokens, shares)

    def table(self, folder: Path, name: str = "runs.parquet") -> RunsTable:
        """The rows, written and read back."""
        write_runs(folder / name, pa.Table.from_pylist(self.rows))
        return read_runs(folder / name)


def study_table(folder: Path, count: int = 3, noise: float = 0.003, seeds: int = 1, mixtures: int = 12) -> RunsTable:
    """A small study: grid, pairs and mixtures of ``count`` languages."""
    maker = TableMaker(make_truth(count), [f"l{k}" for k in range(count)], noise)
    maker.grid()
    maker.pairs(seeds)
    maker.mixtures(mixtures)
    return maker.table(folder)
