"""Planted worlds of which the gains are known, and how often intervals and discoveries are right in them.

``python -m tests.laws.synergy.planted 400`` prints the figures of docs/synergy.md and docs/report.md.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from codescale.arrays import Array
from codescale.laws.scaling import fit_scaling
from codescale.laws.synergy.measured import measure_synergy
from codescale.report.claims import SUPPORTED, saturates_early
from codescale.runs.table import RunsTable
from tests.laws.synthetic_runs import SIZES, TOKENS, TableMaker, Truth

NOISE = 0.004
"""Of a run's log loss, where a language is not the noisy one."""


@dataclass(frozen=True)
class World:
    """Pair runs of ``languages`` languages with ``pair_seeds``, and the uniform mixture with ``uniform_seeds``.

    ``times``: how much noisier the first language is. ``gain``: of the second language on each other one, as log loss.
    """

    languages: int
    pair_seeds: int
    uniform_seeds: int = 0
    times: float = 1.0
    gain: float = 0.0

    @property
    def names(self) -> list[str]:
        return [f"l{k}" for k in range(self.languages)]

    @property
    def deviations(self) -> Array:
        return NOISE * np.array([self.times] + [1.0] * (self.languages - 1))


def flat(count: int) -> Truth:
    """Equal languages that neither help nor harm each other: a second pass is worth as little as another language."""
    same = np.ones(count)
    return Truth(2.0 * same, 10.0 * same, 0.3 * same, 80.0 * same, 0.35 * same, 1e-4 + (1 - 1e-4) * np.eye(count))


def _exact(world: World, folder: Path) -> RunsTable:
    """The runs of ``world`` without noise."""
    maker = TableMaker(flat(world.languages), world.names, 0.0)
    maker.pairs(world.pair_seeds)
    for seed, tokens in itertools.product(range(world.uniform_seeds), TOKENS[1:]):
        maker.add(f"uniform-s{seed}", SIZES[1], tokens, np.full(world.languages, 1.0 / world.languages), seed)
    table = maker.table(folder)
    helped = (table.proportions[:, 1] > 0) & (table.proportions[:, 1] < 1)
    log_losses = np.log(table.losses)
    log_losses[helped] -= world.gain * (np.arange(world.languages) != 1)
    return replace(table, losses=np.exp(log_losses))


def _noisy(table: RunsTable, deviations: Array, generator: np.random.Generator) -> RunsTable:
    """``table`` with noise of its own in each run, half of whose variance the branches of a trunk share."""
    _, trunk = np.unique(table.trunk.astype(str), return_inverse=True)
    shared = generator.standard_normal((trunk.max() + 1, len(deviations)))[trunk]
    own = generator.standard_normal(shared.shape)
    return replace(table, losses=table.losses * np.exp(deviations * (shared + own) / np.sqrt(2.0)))


def studies(world: World, count: int, seed: int = 0) -> Iterator[RunsTable]:
    """``count`` studies of ``world``, which differ in their luck alone."""
    generator = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        exact = _exact(world, Path(folder))
    for _ in range(count):
        yield _noisy(exact, world.deviations, generator)


@dataclass(frozen=True)
class Judged:
    """``coverage`` (languages,): of each row's 90 % intervals. ``false``: share of studies with any false discovery.
    ``found``: share of the planted gains that are discovered (NaN without any)."""

    coverage: Array
    false: float
    found: float


def judge_synergy(world: World, count: int) -> Judged:
    """The matrices of ``count`` studies against the gains that were planted."""
    truth = np.zeros((world.languages, world.languages))
    truth[:, 1] = -np.expm1(-world.gain)
    truth[1, 1] = 0.0
    off = ~np.eye(world.languages, dtype=bool)
    held, told = [], []
    for table in studies(world, count):
        gain = measure_synergy(table, world.names).gain
        cells = [[gain[i][j] if i != j else None for j in world.names] for i in world.names]
        inside = [
            [c is not None and c.low <= t <= c.high for c, t in zip(*rows, strict=True)]
            for rows in zip(cells, truth, strict=True)
        ]
        held.append(inside)
        told.append([[c is not None and bool(c.differs_from_zero) for c in row] for row in cells])
    coverage = np.mean(held, axis=0).sum(axis=1) / (world.languages - 1)
    flags = np.array(told)
    false = float((flags & off & (truth == 0)).any(axis=(1, 2)).mean())
    real = flags[:, truth != 0]
    return Judged(coverage, false, float(real.mean()) if real.size else float("nan"))


def judge_saturates(languages: int, times: float, count: int, replicated: bool = True) -> float:
    """The share of studies that see "saturates" of the first language, the noisy one, where all scale alike."""
    world = World(languages, 2 if replicated else 0, times=times)
    maker = TableMaker(flat(languages), world.names, 0.0)
    maker.grid()
    if replicated:
        maker.pairs(2)
    with tempfile.TemporaryDirectory() as folder:
        exact = maker.table(Path(folder))
    generator = np.random.default_rng(0)
    seen = 0
    for _ in range(count):
        scaling = fit_scaling(_noisy(exact, world.deviations, generator), world.names, bootstrap=0)
        seen += saturates_early(scaling, "l0", {}).verdict == SUPPORTED
    return seen / count


def main(count: int) -> None:
    """Prints all figures."""
    for shape in ((3, 3, 0), (5, 3, 0), (7, 2, 0), (7, 1, 3), (7, 2, 3), (3, 2, 0), (2, 3, 0)):
        for times, gain in ((1.0, 0.0), (3.0, 0.0), (3.0, 0.02)):
            found = judge_synergy(World(*shape, times=times, gain=gain), count)
            print(
                f"{shape[0]} languages, {shape[1]} seeds of pairs, {shape[2]} of uniform, first x{times:g}, gain {gain}"
                f": coverage {found.coverage[0]:.0%}, others {found.coverage[1:].min():.0%} to"
                f" {found.coverage[1:].max():.0%}; any false discovery {found.false:.0%}; found {found.found:.0%}",
                flush=True,
            )
    for languages, times, replicated in itertools.product((4, 7), (1.0, 3.0), (True, False)):
        rate = judge_saturates(languages, times, max(count // 2, 1), replicated)
        print(f"saturates, {languages} languages, x{times:g}, replicated {replicated}: {rate:.1%}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
