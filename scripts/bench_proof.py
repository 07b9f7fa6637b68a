"""Simulates proofs whose truth is planted and writes docs/benchmarks/proof.md: how often the verdict is wrong.

    .venv/bin/python scripts/bench_proof.py [--proofs 1000] [--seed 0] [--page docs/benchmarks/proof.md]

Nothing is trained: the losses of every mixture, seed and language are drawn around true ones, and judged by the
functions that `codescale compare` judges by.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import crossed_coverage
import numpy as np
from scipy.stats import binomtest

from codescale.arrays import Array
from codescale.comparison.baselines import against_baselines, yardstick_of
from codescale.comparison.harm import harm_of
from codescale.comparison.power.detection import resolvable_gain
from codescale.comparison.result import BaselineVerdict, Harm, JudgedSplit
from codescale.comparison.statistics import summary
from codescale.errors import UserError
from codescale.files import write_text
from codescale.mixtures.no_harm import NoHarmRule
from codescale.stages.timings import machine
from codescale.study.comparison import ON_VALIDATION

LANGUAGES = ("python", "java", "javascript", "typescript", "csharp", "go", "rust")
RULES = ("temperature:0.3", "temperature:0.7", "unimax:1", "file:ours.yaml")
BASELINES = ("uniform", "natural", "weights", "unimax", *RULES)
LOSS = 4.0
"""True loss of every language, nats per token."""
DEVIATION = 0.012
"""Of a language's loss between seeds, nats per token; all is in proportion to it."""
PARTS = {"seed": 0.2, "seed and language": 0.15, "run": 0.2, "run and language": 0.45}
"""Of that variance: what all runs of a seed share, what its runs share of a language, what a run's languages share."""
MARGIN = 0.02
EVALUATION = 0.3
"""Deviation of the validation losses from the test losses of the same run, in deviations between seeds."""


@dataclass(frozen=True)
class World:
    """What is planted: ``change`` (languages,) of the loss under the found mixture against that under all baselines, in
    nats per token, with ``seeds`` of each mixture and the first ``baselines`` of the list.

    ``tails``: degrees of freedom of the luck, which is Student's; None: normal. ``unlike``: by how much the found
    mixture's own luck is larger.
    """

    seeds: int
    baselines: int
    change: tuple[float, ...] = (0.0,) * len(LANGUAGES)
    tails: int | None = None
    unlike: float = 1.0

    @property
    def words(self) -> tuple[str, ...]:
        return BASELINES[: self.baselines]

    @property
    def gain(self) -> float:
        """Of the objective, the mean of the losses."""
        return -float(np.mean(self.change))


@dataclass(frozen=True)
class Proof:
    """What was said: against each baseline, of the yardstick's word, and of each language."""

    verdicts: Mapping[str, BaselineVerdict]
    yardstick: str
    harm: Harm


def luck(world: World, generator: np.random.Generator, *shape: int) -> Array:
    """Of variance 1."""
    if world.tails is None:
        return generator.standard_normal(shape)
    return np.asarray(generator.standard_t(world.tails, shape) / np.sqrt(world.tails / (world.tails - 2)))


def split(losses: Array) -> JudgedSplit:
    """Of losses (seeds, languages)."""
    return JudgedSplit(
        objective=summary(losses.mean(axis=1).tolist()),
        losses={name: summary(losses[:, k].tolist()) for k, name in enumerate(LANGUAGES)},
    )


def proof(world: World, rule: NoHarmRule, generator: np.random.Generator) -> Proof:
    """One proof; the found mixture is the last."""
    mixtures, seeds, languages = world.baselines + 1, world.seeds, len(LANGUAGES)
    own = luck(world, generator, mixtures, seeds, 1) * PARTS["run"] ** 0.5
    own = own + luck(world, generator, mixtures, seeds, languages) * PARTS["run and language"] ** 0.5
    own[-1] *= world.unlike
    shared = luck(world, generator, 1, seeds, 1) * PARTS["seed"] ** 0.5
    shared = shared + luck(world, generator, 1, seeds, languages) * PARTS["seed and language"] ** 0.5
    losses = LOSS + DEVIATION * (own + shared)
    losses[-1] += np.array(world.change)
    validation = (losses + DEVIATION * EVALUATION * generator.standard_normal(losses.shape)).mean(axis=2)
    test = {word: split(losses[k]) for k, word in enumerate(world.words)}
    found = split(losses[-1])
    judged = {word: JudgedSplit(objective=summary(validation[k].tolist())) for k, word in enumerate(world.words)}
    best = yardstick_of(ON_VALIDATION, judged)
    return Proof(against_baselines(found, test), best, harm_of(found, test[rule.reference], rule))


def objective_deviation() -> float:
    """Between seeds, of the mean of the losses: what `codescale plan` estimates from the sweep's seeds."""
    alone = (PARTS["seed and language"] + PARTS["run and language"]) / len(LANGUAGES)
    return float(DEVIATION * np.sqrt(PARTS["seed"] + PARTS["run"] + alone))


def difference_deviation() -> float:
    """Of the difference between two runs with one seed: what pairs leave of their luck."""
    return float(DEVIATION * np.sqrt(2 * (PARTS["run"] + PARTS["run and language"] / len(LANGUAGES))))


def planned(world: World, times: float) -> World:
    """``world`` with a gain of so many times the difference that `codescale plan` calls resolvable there."""
    gain = times * resolvable_gain(difference_deviation(), world.seeds, world.baselines)
    return replace(world, change=(-gain,) * len(LANGUAGES))


def rate(hits: Iterable[bool]) -> str:
    """A share with Wilson's interval of 95 %."""
    values = list(hits)
    share = binomtest(sum(values), len(values)).proportion_ci(method="wilson")
    return f"{np.mean(values):.1%} ({share.low:.1%} to {share.high:.1%})"


def said_better(one: Proof) -> bool:
    return any(verdict.beats is True for verdict in one.verdicts.values())


def said_worse(one: Proof) -> bool:
    return any(verdict.beats is False for verdict in one.verdicts.values())


def by_intervals(one: Proof) -> tuple[bool, bool]:
    """Whether one of the 90 % intervals by itself would have said better of a baseline, or harm of a language."""
    objectives = [verdict.difference.objective for verdict in one.verdicts.values()]
    languages = [language.beyond for language in one.harm.languages.values()]
    return any((end.high or 0) < 0 for end in objectives), any((end.low or 0) > 0 for end in languages)


def covered(proofs: Sequence[Proof], world: World) -> tuple[str, str]:
    """The share of 90 % intervals that hold the truth: of the objective's differences, and of the languages'."""
    objectives = [
        (one.difference.objective.low or 0) <= -world.gain <= (one.difference.objective.high or 0)
        for proof in proofs
        for one in proof.verdicts.values()
    ]
    languages = [
        (one.difference.losses[name].low or 0) <= change <= (one.difference.losses[name].high or 0)
        for proof in proofs
        for one in proof.verdicts.values()
        for name, change in zip(LANGUAGES, world.change, strict=True)
    ]
    return f"{np.mean(objectives):.1%}", f"{np.mean(languages):.1%}"


def described(world: World) -> str:
    kind = "normal" if world.tails is None else f"Student's, {world.tails} degrees of freedom"
    return kind if world.unlike == 1 else f"{kind}; the found mixture's {world.unlike:g} times as large"


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [f"| {' | '.join(titles)} |", f"| {' | '.join(['---'] * len(titles))} |"]
    return [*lines, *(f"| {' | '.join(map(str, row))} |" for row in rows), ""]


class Bench:
    """Simulates and writes the page's tables.

    Parameters
    ----------
    count
        Proofs of each world.
    seed
        Of the luck.
    """

    def __init__(self, count: int, seed: int) -> None:
        self.count, self.generator = count, np.random.default_rng(seed)

    def proofs(self, world: World, rule: NoHarmRule) -> list[Proof]:
        return [proof(world, rule, self.generator) for _ in range(self.count)]

    def null(self) -> list[str]:
        """All mixtures alike: whatever is said is wrong."""
        worlds = [World(seeds, baselines) for baselines in (1, 4, 8) for seeds in (3, 5, 10)]
        worlds += [World(3, 4, tails=3), World(5, 4, tails=3), World(3, 4, unlike=2.0)]
        rows = []
        for world in worlds:
            proofs = self.proofs(world, NoHarmRule("uniform", 0.0))
            alone = [by_intervals(one) for one in proofs]
            rows.append(
                (
                    world.seeds, world.baselines, described(world), rate(map(said_better, proofs)),
                    rate(map(said_worse, proofs)), rate(bool(one.harm.told("harmed")) for one in proofs),
                    f"{np.mean([pair[0] for pair in alone]):.1%}", f"{np.mean([pair[1] for pair in alone]):.1%}",
                    *covered(proofs, world),
                )
            )  # fmt: skip
        titles = (
            "seeds", "baselines", "luck", "*beats* said of any", "*worse* said of any", "some language *harmed*",
            "*beats* by intervals alone", "*harmed* by intervals alone", "objective's intervals that hold",
            "languages' intervals that hold",
        )  # fmt: skip
        return table(titles, rows)

    def gain(self) -> list[str]:
        """A gain over all baselines that the plan calls resolvable, once and twice."""
        rows = []
        for baselines in (1, 4, 8):
            for seeds in (3, 5, 10):
                for times in (1.0, 2.0):
                    world = planned(World(seeds, baselines), times)
                    proofs = self.proofs(world, NoHarmRule("uniform", 0.0))
                    rows.append(
                        (
                            seeds, baselines, f"{times:g}", f"{world.gain / objective_deviation():.1f}",
                            rate(one.verdicts[one.yardstick].beats is True for one in proofs),
                            rate(all(each.beats is True for each in one.verdicts.values()) for one in proofs),
                            *covered(proofs, world),
                        )
                    )  # fmt: skip
        titles = (
            "seeds", "baselines", "times the resolvable", "gain, deviations", "*beats* said of the yardstick",
            "*beats* said of all", "objective's intervals that hold", "languages' intervals that hold",
        )  # fmt: skip
        return table(titles, rows)

    def harm(self) -> list[str]:
        """Losses that rise by so much of the margin, in one language or in all, the others alike."""
        rows = []
        rule = NoHarmRule("natural", MARGIN)
        for seeds in (3, 5, 10):
            for who, count in (("one", 1), ("all", len(LANGUAGES))):
                for times in (0.0, 1.0, 3.0):
                    change = (times * MARGIN,) * count + (0.0,) * (len(LANGUAGES) - count)
                    proofs = self.proofs(World(seeds, 4, change), rule)
                    touched = [set(LANGUAGES[:count]) for _ in proofs]
                    rows.append(
                        (
                            seeds, who, f"{times:g}",
                            *(
                                rate(
                                    bool(names & set(one.harm.told(word)))
                                    for names, one in zip(touched, proofs, strict=True)
                                )
                                for word in ("harmed", "not harmed within the margin")
                            ),
                            f"{np.mean([len(one.harm.told('cannot be told')) for one in proofs]):.1f}",
                        )
                    )  # fmt: skip
        titles = (
            "seeds", "languages that rise", "by how many margins", "one of them *harmed*",
            "one of them *not harmed within the margin*", "*cannot be told*, of 7 languages",
        )  # fmt: skip
        return table(titles, rows)

    def documents(self) -> list[str]:
        """Seeds and documents that are both a sample."""
        return table(crossed_coverage.TITLES, crossed_coverage.rows(self.count, self.generator))


def page(bench: Bench, command: str) -> str:
    """The whole page."""
    here = machine()
    computer = f"{here['cpu']}, {here['cores']} cores, {here['memory_gb']} GB, Python {here['python']}"
    shares = ", ".join(f"{100 * part:.0f} % {name}" for name, part in PARTS.items())
    drawn = f"""{bench.count:,} proofs in each row. Nothing is trained: the losses of seven languages under every
mixture are drawn around true ones, with a deviation of {DEVIATION} nats per token between seeds, of whose variance
these parts are common to: {shares}. They are judged by what
[`codescale compare`](../comparison.md) judges by. In brackets Wilson's intervals of 95 % over the proofs."""
    harm = f"""Against natural, by a margin of {MARGIN} nats per token; four baselines. A loss that rises by the margin
exactly is the edge: *harmed* and *not harmed* are each wrong there, in at most 5 %. At no rise *harmed* is wrong, at
three margins *not harmed*."""
    return "\n".join(
        [
            "# The proof, judged on planted truths", "",
            "<!-- Written by scripts/bench_proof.py; edit that instead. -->", "",
            f"Measured on {datetime.now(UTC).date().isoformat()} by `{command}`: {computer}.", "",
            drawn, "", "## All mixtures alike", "", _NULL, "", *bench.null(),
            "## A gain that the plan calls resolvable", "", _GAIN, "", *bench.gain(),
            "## A rule that no language is harmed", "", harm, "", *bench.harm(),
            "## Other documents too", "", _DOCUMENTS, "", *bench.documents(),
        ]
    )  # fmt: skip


_NULL = """Whatever is told apart is wrong. At most 5 % may be, over all baselines together and over all languages
together; with one baseline and normal luck it is 5 % exactly, so that its figure lies on either side of it. Beside it
what the intervals of 90 % would say one by one. No margin; harm against uniform."""
_GAIN = """The found mixture is better than every baseline, in every language, by so many times the difference that
`codescale plan` calls resolvable at that many seeds and baselines, told the true deviation of a difference between two
runs with one seed. The yardstick is the baseline that is best on validation."""
_DOCUMENTS = """The difference of two mixtures that are alike for text without end, by seeds and documents that are
both a sample, of lognormal lengths, in seven languages. Of its variance so much comes of the seeds, of the documents
whatever the seed, and of both together. The verdict's interval is that of the seeds: it speaks of the test text as it
is. Beside it `comparison.json` has that of both (`crossed`), which speaks of other documents of the same source too."""


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Simulates proofs whose truth is planted.")
    parser.add_argument("--proofs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--page", type=Path, default=Path("docs/benchmarks/proof.md"))
    given = parser.parse_args()
    if given.proofs < 1:
        raise UserError("--proofs", f"{given.proofs} are none", "give 1 or more")
    text = page(Bench(given.proofs, given.seed), f"scripts/bench_proof.py --proofs {given.proofs} --seed {given.seed}")
    write_text(given.page, text.rstrip("\n") + "\n")
    sys.stdout.write(text)


if __name__ == "__main__":
    try:
        main()
    except UserError as problem:
        sys.exit(f"error: {problem}")
