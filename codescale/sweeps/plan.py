"""Which runs a study does: per language a grid of N × D, pairs of languages for their synergy, mixtures for the law.

The plans are those of Yang et al. (2025, sections 3 to 5). A plan is a pure function of the study and of the unique
tokens that the corpus holds, so that an interrupted sweep knows what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from codescale.errors import UserError
from codescale.mixtures.mixture import Mixture
from codescale.organisation import PAIRED, PAIRED_SHARE, SHUFFLED, Organisation
from codescale.runs.records import RunSpec, Stage
from codescale.study.config import StudyConfig
from codescale.study.sweep import GridPlan, MixturePlan, OrganisationPlan, PairPlan, SweepSection
from codescale.sweeps.spread import spread_mixtures, spread_within, swept_baselines, target_mixtures
from codescale.training.flops import training_flops
from codescale.training.optim.hyperparameter_rules import training_of
from codescale.training.optim.schedule import schedule_of

FEWEST_MIXTURES = 6
"""The mixtures that a budget may not go below: fewer do not tell a mixture law from its targets' mean."""


TokensByLanguage = dict[str, int] | None
"""Training tokens of each language in the corpus; None before there is one."""


def grid_runs(config: StudyConfig, plan: GridPlan, available: TokensByLanguage) -> list[RunSpec]:
    """One trunk for each language, size and seed, with a cooldown branch at each D.

    A language alone repeats as little as the corpus allows, whatever the mixtures imitate: at the target no language is
    alone, and D tokens of a scarce one would be dozens of epochs.
    """
    unique = even_unique_tokens(config, available)
    own = config.training.organisation
    return [
        _run(config, name, "grid", size, ends, {language: 1.0}, seed, unique)
        for language in config.languages
        for size in plan.sizes
        for seed in _seeds(config, plan.seeds)
        for name, ends in _trunks(
            organised(f"grid-{language}-{size}-s{seed}", own), plan.tokens, config.trainer is None
        )
    ]


def _trunks(run_id: str, tokens: Sequence[int], branches: bool) -> list[tuple[str, Sequence[int]]]:
    """The runs, by their ids, that end at each D of ``tokens``: one trunk with a branch to each, or a run for each."""
    return [(run_id, tokens)] if branches else [(f"{run_id}-d{d}", (d,)) for d in sorted(tokens)]


def _run(
    config: StudyConfig,
    run_id: str,
    stage: Stage,
    size: str,
    tokens: Sequence[int],
    proportions: dict[str, float],
    seed: int,
    unique_tokens: int | dict[str, int] | None,
) -> RunSpec:
    """One run with a branch at each D."""
    return RunSpec(
        run_id=run_id,
        stage=stage,
        size=size,
        n_params=config.sizes[size].n_params,
        token_points=tuple(sorted(tokens)),
        proportions=proportions,
        unique_tokens=unique_tokens,
        seed=seed,
        organisation=config.training.organisation,
        start=config.start_id,
    )


def organised(run_id: str, organisation: Organisation) -> str:
    """``run_id``, which tells paired runs from shuffled ones."""
    return run_id if organisation == SHUFFLED else f"{run_id}-{organisation}"


def pair_runs(config: StudyConfig, plan: PairPlan) -> list[RunSpec]:
    """The runs of the synergy matrix: i alone at D/2 and then a second time over the same tokens, and i with j.

    Every run holds each of its languages to D/2 distinct tokens, so one run of i and j serves both directions.
    """
    half, own = plan.tokens // 2, config.training.organisation
    runs = []
    for seed in _seeds(config, plan.seeds):
        tail = f"{plan.size}-s{seed}"
        cells: list[tuple[Stage, str, tuple[int, ...], dict[str, float]]] = [
            ("alone", f"alone-{i}-{tail}", (half, plan.tokens), {i: 1.0}) for i in config.languages
        ]
        cells += [
            ("pair", f"pair-{i}+{j}-{tail}", (plan.tokens,), {i: 0.5, j: 0.5})
            for i, j in combinations(config.languages, 2)
        ]
        runs += [
            _run(config, organised(run_id, own), stage, plan.size, points, shares, seed, half)
            for stage, run_id, points, shares in cells
        ]
    return runs


def mixture_runs(config: StudyConfig, plan: MixturePlan, available: TokensByLanguage) -> list[RunSpec]:
    """``plan.count`` mixtures over the simplex, or over what the target may have, and the plan's baselines, at every
    size and every D.
    """
    tokens = target_tokens(config, available)
    if plan.spread == "target":
        spread = spread_within(target_mixtures(config, tokens), plan.count, config.seed)
    else:
        spread = spread_mixtures(config.languages, plan.count, config.seed)
    baselines = swept_baselines(config, plan.baselines, tokens)
    most = max(plan.seeds, plan.uniform_seeds)
    mixtures = [(f"{k:03d}", mixture, plan.seeds if k else most) for k, mixture in enumerate(spread)]
    mixtures += [(re.sub("[^a-z0-9.]", "-", word), mixture, most) for word, mixture in baselines.items()]
    return [
        run
        for name, mixture, seeds in mixtures
        for size in plan.sizes
        for seed in _seeds(config, seeds)
        for run in _mixture_run(config, f"mixture-{name}-{size}-s{seed}", size, plan.tokens, mixture, seed, available)
    ]


def _mixture_run(
    config: StudyConfig,
    run_id: str,
    size: str,
    tokens: Sequence[int],
    mixture: Mixture,
    seed: int,
    available: TokensByLanguage,
) -> list[RunSpec]:
    """One run with a branch at each D; a run for each where unique tokens grow with D, since a trunk has one set, and
    where a command trains, of which nobody knows whether it branches.
    """
    run_id = organised(run_id, config.training.organisation)
    points = _trunks(run_id, tokens, config.sweep.repetition != "target" and config.trainer is None)
    return [
        _run(config, name, "mixture", size, ends, dict(mixture), seed, unique_tokens_of(config, available, max(ends)))
        for name, ends in points
    ]


def organisation_runs(config: StudyConfig, plan: OrganisationPlan) -> list[RunSpec]:
    """One mixture at every size with a branch at every D, shuffled and paired, each with the same seeds.

    All arms may see all tokens of the corpus: held to those of the scarcest language, the pivot could not be paired
    with several others.
    """
    mixture = organisation_mixture(config, plan)
    arms: list[tuple[str, Organisation, dict[str, float]]] = [(SHUFFLED, SHUFFLED, {})]
    arms += [
        (
            PAIRED if share == 1 else f"{PAIRED}-{share:g}",
            PAIRED,
            {} if share == config.training.paired_share else {PAIRED_SHARE: share},
        )
        for share in plan.paired_shares
    ]
    return [
        _run(config, f"organisation-{size}-s{seed}-{name}", "organisation", size, plan.tokens, mixture, seed, None)
        .model_copy(update={"organisation": organisation, "hyper": hyper})
        for size in plan.sizes
        for seed in _seeds(config, plan.seeds)
        for name, organisation, hyper in arms
    ]  # fmt: skip


def organisation_mixture(config: StudyConfig, plan: OrganisationPlan) -> dict[str, float]:
    """The mixture of both arms: the plan's, else half of it in the pivot and the other languages alike."""
    if plan.proportions is not None:
        return dict(plan.proportions)
    others = len(config.languages) - 1
    return {name: 0.5 if name == config.training.pivot else 0.5 / others for name in config.languages}


def _seeds(config: StudyConfig, count: int) -> range:
    return range(config.seed, config.seed + count)


@dataclass(frozen=True)
class SweepCost:
    """What runs cost: how many, tokens trained (branches included) and counted training FLOPs."""

    runs: int
    points: int
    tokens: int
    flops: float


def run_tokens(config: StudyConfig, spec: RunSpec) -> int:
    """Tokens that ``spec`` trains on, its branches included."""
    if config.trainer is not None:
        return sum(spec.token_points)
    training = training_of(config.training, spec, config.sizes[spec.size])
    return schedule_of(training, spec.token_points).steps_trained * training.batch * training.context


def run_flops(config: StudyConfig, spec: RunSpec) -> float:
    """Counted training FLOPs of ``spec``, its branches included."""
    shape = config.sizes[spec.size]
    return training_flops(shape, config.corpus.vocabulary, config.training.context, run_tokens(config, spec))


def sweep_cost(config: StudyConfig, specs: Iterable[RunSpec]) -> SweepCost:
    """The cost of ``specs`` together; ``points`` counts annealed losses, the runs of a paper that trains each anew."""
    listed = list(specs)
    return SweepCost(
        runs=len(listed),
        points=sum(len(spec.token_points) for spec in listed),
        tokens=sum(run_tokens(config, spec) for spec in listed),
        flops=sum(run_flops(config, spec) for spec in listed),
    )


def runs_of(config: StudyConfig, sweep: SweepSection, available: TokensByLanguage) -> list[RunSpec]:
    """All runs of ``sweep``, in the order grid, pairs, mixtures, organisation."""
    runs: list[RunSpec] = []
    if sweep.grid:
        runs += grid_runs(config, sweep.grid, available)
    if sweep.pairs:
        runs += pair_runs(config, sweep.pairs)
    if sweep.mixtures:
        runs += mixture_runs(config, sweep.mixtures, available)
    if sweep.organisation:
        runs += organisation_runs(config, sweep.organisation)
    return runs


def _smaller(sweep: SweepSection) -> SweepSection | None:
    """The next smaller sweep: the grid's larger sizes and D go first, then mixtures; None where nothing may go."""
    grid, mixtures = sweep.grid, sweep.mixtures
    if grid and max(len(grid.sizes), len(grid.tokens)) > 2:
        if len(grid.sizes) >= len(grid.tokens):
            shrunk = grid.model_copy(update={"sizes": grid.sizes[:-1]})
        else:
            shrunk = grid.model_copy(update={"tokens": tuple(sorted(grid.tokens)[:-1])})
        return sweep.model_copy(update={"grid": shrunk})
    if mixtures and mixtures.count > FEWEST_MIXTURES:
        return sweep.model_copy(update={"mixtures": mixtures.model_copy(update={"count": mixtures.count - 1})})
    return None


def fit_to_budget(config: StudyConfig, available: TokensByLanguage) -> SweepSection:
    """The study's sweep, shrunk until its tokens are within ``sweep.budget_tokens``.

    Raises :class:`UserError` where even the smallest sweep is over the budget.
    """
    sweep = config.sweep
    while sweep.budget_tokens is not None:
        tokens = sweep_cost(config, runs_of(config, sweep, available)).tokens
        if tokens <= sweep.budget_tokens:
            break
        smaller = _smaller(sweep)
        if smaller is None:
            raise UserError(
                "study.yaml, sweep.budget_tokens",
                f"{sweep.budget_tokens:,} tokens do not hold even the smallest sweep",
                f"raise it to {tokens:,} or more, or take out a plan",
            )
        sweep = smaller
    return sweep


def plan_sweep(config: StudyConfig, available: TokensByLanguage) -> list[RunSpec]:
    """The runs of a study's sweep, within its budget.

    ``available`` are the training tokens of each language (None before there is a corpus); every language is held to
    the smallest of them or to ``sweep.unique_tokens``, or is repeated as the target will repeat it. Raises
    :class:`UserError` where a language has fewer than a plan needs.
    """
    sweep = fit_to_budget(config, available)
    if available and sweep.pairs:
        for language in config.languages:
            if available[language] < sweep.pairs.tokens // 2:
                raise UserError(
                    "study.yaml, sweep.pairs.tokens",
                    f"half of it is more than the {available[language]:,} training tokens of {language}",
                    f"set it to {2 * min(available[name] for name in config.languages):,} or less, or add code",
                )
    runs = runs_of(config, sweep, available)
    for run in runs:
        if available and run.stage == "mixture":  # grid and pairs repeat in their own way
            check_repetition(config, available, run.run_id, run.mixture, max(run.token_points))
    return runs


def unique_tokens_of(config: StudyConfig, available: TokensByLanguage, tokens: int) -> int | dict[str, int] | None:
    """The distinct tokens that a run of ``tokens`` tokens is held to.

    One number for every language: what the scarcest has, or less where the study says so. With ``sweep.repetition:
    target`` a number for each: what the target will have of it, times the run's tokens over the target's, so that equal
    shares mean equal epochs at both scales.
    """
    if config.sweep.repetition == "target":
        at_target = target_tokens(config, available)
        share = Fraction(tokens, config.target.n_tokens)
        return {language: max(1, int(count * share)) for language, count in at_target.items()} or None
    return even_unique_tokens(config, available)


def even_unique_tokens(config: StudyConfig, available: TokensByLanguage) -> int | None:
    """What every language alike is held to: what the scarcest has, or less where the study says so."""
    if available is None:
        return config.sweep.unique_tokens
    scarcest = min(available[language] for language in config.languages)
    return min(scarcest, config.sweep.unique_tokens or scarcest)


def target_tokens(config: StudyConfig, available: TokensByLanguage) -> dict[str, int]:
    """Distinct tokens of each language that the target run will have, those of the corpus where the study does not say;
    before there is a corpus, only of those that it names.
    """
    return {
        language: config.target.available.get(language, (available or {}).get(language, 0))
        for language in config.languages
        if available is not None or language in config.target.available
    }


def check_repetition(
    config: StudyConfig, available: dict[str, int], where: str, shares: Mapping[str, float], tokens: int
) -> None:
    """Raises :class:`UserError` where what ``where`` names, a run of ``tokens`` tokens with ``shares`` at the most,
    cannot repeat a language as the target will: the corpus has too little of it, or what it is held to does not fill a
    sequence. Does nothing where runs repeat as the corpus has it.
    """
    held = unique_tokens_of(config, available, tokens)
    if not isinstance(held, dict):
        return
    for language, share in shares.items():
        needed = min(held[language], int(share * tokens))
        if available[language] < needed:
            raise UserError(
                "study.yaml, sweep.repetition",
                f"{where} needs {needed:,} distinct tokens of {language} to repeat it as the target will, and the "
                f"corpus has {available[language]:,}",
                "add code, train on fewer tokens, bound the language's share, or leave repetition out",
            )
        if share > 0 and held[language] < config.training.context:
            raise UserError(
                "study.yaml, sweep.repetition",
                f"{where} would be left {held[language]:,} tokens of {language}, less than a sequence of "
                f"{config.training.context}",
                "train on more tokens, or shorten training.context",
            )
