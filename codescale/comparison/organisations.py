"""Shuffled against paired: what pairing translations does to each target, at each N and D, over the same seeds.

Runs of one seed share their initial weights in both arms. Families of targets are tested apart: languages, directions
that paired training shows, and zero-shot ones; within each, Holm's correction makes a false claim as unlikely as that
of one interval's end, 5 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean

import numpy as np

from codescale.comparison.organisation_result import (
    ArmDifference,
    ArmsAtScale,
    ArmWord,
    Family,
    FamilyDifference,
    OrganisationResult,
)
from codescale.comparison.statistics import ERROR, LEVEL, holm, one_sided_tests, paired_difference, summary
from codescale.directions import is_direction, seen_in_training
from codescale.laws.results import Scaling
from codescale.laws.scaling import fit_target_scaling
from codescale.organisation import PAIRED, PAIRED_SHARE, SHUFFLED
from codescale.runs.records import RunRecord
from codescale.runs.table import RunsTable
from codescale.study.training import TrainingSection

Losses = Mapping[str, float]
_BySeed = dict[int, RunRecord]


def family_of(target: str, pivot: str) -> Family:
    """To which family of tests ``target`` belongs."""
    if not is_direction(target):
        return "languages"
    return "seen" if seen_in_training(target, pivot) else "unseen"


def compare_organisations(
    records: Sequence[RunRecord],
    table: RunsTable,
    training: TrainingSection,
    seed: int = 0,
    bootstrap: int = 200,
) -> OrganisationResult | None:
    """The arms of the plan ``organisation`` beside each other.

    Parameters
    ----------
    records
        The plan's runs; others are left out, and so are seeds of which one arm did not end well, and second tries.
    table
        The same runs as a table, for the scaling of each target.
    training
        How the study trains: its pivot is on one side of every pair, and its share of the programs is paired where a
        run does not name another one.
    seed, bootstrap
        As :func:`~codescale.laws.scaling.fit_target_scaling`.

    Returns
    -------
    OrganisationResult or None
        None where no scale has both arms with two seeds.
    """
    planned = [one for one in records if one.spec.stage == "organisation" and not one.spec.is_retry]
    ended = [record for record in planned if record.status == "ok"]
    arms: dict[tuple[int, tuple[int, ...], float], _BySeed] = {}
    for record in ended:
        share = _share(record, training.paired_share)
        arms.setdefault((record.spec.n_params, record.spec.token_points, share), {})[record.spec.seed] = record
    scales = [
        found
        for (n_params, points, share), paired in sorted(arms.items())
        if share > 0
        for tokens in points
        if (found := _at_scale(arms.get((n_params, points, 0.0), {}), paired, tokens, share, training.pivot))
        is not None
    ]
    if not scales:
        return None
    return OrganisationResult(
        level=LEVEL,
        pivot=training.pivot,
        proportions=dict(ended[0].spec.proportions),
        corpus_id=ended[0].corpus_id,
        scales=tuple(scales),
        scaling=_scaling(table, training.paired_share, seed, bootstrap),
        left_out=tuple(record.spec.run_id for record in planned if record.status != "ok"),
    )


def _share(record: RunRecord, usual: float) -> float:
    """The part of the programs that the run's arm pairs; 0 of the shuffled one."""
    return 0.0 if record.spec.organisation == SHUFFLED else record.spec.hyper.get(PAIRED_SHARE, usual)


def _at_scale(shuffled: _BySeed, paired: _BySeed, tokens: int, share: float, pivot: str) -> ArmsAtScale | None:
    seeds = tuple(sorted(shuffled.keys() & paired.keys()))
    if len(seeds) < 2:
        return None
    losses = [[arm[seed].final_losses(tokens) for seed in seeds] for arm in (shuffled, paired)]
    common = [name for name in losses[0][0] if all(name in one for arm in losses for one in arm)]
    families: dict[Family, list[str]] = {}
    for name in common:
        families.setdefault(family_of(name, pivot), []).append(name)
    return ArmsAtScale(
        n_params=paired[seeds[0]].spec.n_params,
        n_tokens=tokens,
        paired_share=share,
        seeds=seeds,
        families={family: _mean_of(names, losses[0], losses[1]) for family, names in families.items()},
        targets={family: _each_of(names, losses[0], losses[1]) for family, names in families.items()},
    )


def _mean_of(names: Sequence[str], shuffled: Sequence[Losses], paired: Sequence[Losses]) -> FamilyDifference:
    means = [[fmean(one[name] for name in names) for one in arm] for arm in (shuffled, paired)]
    return FamilyDifference(
        targets=len(names),
        shuffled=summary(means[0]),
        paired=summary(means[1]),
        difference=paired_difference(means[1], means[0]),
    )


def _each_of(names: Sequence[str], shuffled: Sequence[Losses], paired: Sequence[Losses]) -> dict[str, ArmDifference]:
    values = {name: [[one[name] for one in arm] for arm in (shuffled, paired)] for name in names}
    differences = {name: paired_difference(both[1], both[0]) for name, both in values.items()}
    tests = {name: one_sided_tests(one, len(shuffled)) for name, one in differences.items()}
    lower, higher = (holm({name: both[k] for name, both in tests.items()}) for k in (0, 1))
    return {
        name: ArmDifference(
            shuffled=summary(values[name][0]),
            paired=summary(values[name][1]),
            difference=one,
            lower=lower[name],
            higher=higher[name],
            verdict=_word(lower[name], higher[name]),
        )
        for name, one in differences.items()
    }


def _word(lower: float, higher: float) -> ArmWord:
    return "improved" if lower < ERROR else "harmed" if higher < ERROR else "cannot be told"


def _scaling(table: RunsTable, usual: float, seed: int, bootstrap: int) -> dict[str, Scaling]:
    """By arm, the shuffled one and that which pairs most: every target over N and D; none where one N and one D was
    trained.
    """
    given = table.hyper.get(PAIRED_SHARE, np.full(len(table), np.nan))
    shares = np.where(table.organisation == SHUFFLED, 0.0, np.where(np.isnan(given), usual, given))
    found: dict[str, Scaling] = {}
    for arm, share in ((SHUFFLED, 0.0), (PAIRED, shares.max(initial=0.0))):
        own = table.select(shares == share)
        final = own.select((own.status == "ok") & own.annealed)
        if len({*zip(final.n_params, final.n_tokens, strict=True)}) > 1:
            found[arm] = fit_target_scaling(own, own.targets, seed, bootstrap)
    return found
