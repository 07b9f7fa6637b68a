"""The runs of the proof: baselines, predicted best and measured best, with seeds that no mixture was chosen by."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping

from codescale.mixtures.mixture import Mixture
from codescale.organisation import SHUFFLED, Organisation
from codescale.runs.records import RunSpec
from codescale.study.comparison import Scale
from codescale.study.config import StudyConfig

UNIFORM, PREDICTED, MEASURED = "uniform", "predicted_best", "measured_best"


def comparison_seeds(config: StudyConfig, scale: Scale) -> list[int]:
    """Seeds after all that sweep and search may have used, so that a lucky seed of theirs is not judged again."""
    plans = (config.sweep.grid, config.sweep.pairs, config.sweep.mixtures)
    used = max((plan.seeds for plan in plans if plan), default=1)
    if config.sweep.mixtures:
        used = max(used, config.sweep.mixtures.uniform_seeds)
    return [config.seed + used + k for k in range(scale.seed_count)]


def digest(mixture: Mixture, hyper: Mapping[str, float], organisation: Organisation = SHUFFLED) -> str:
    """Six characters that tell one mixture's runs from another's: a search that goes on may find a better one."""
    shares = {language: f"{share:.9f}" for language, share in sorted(mixture.items()) if share}
    paired = [] if organisation == SHUFFLED else [organisation]
    content = json.dumps([shares, dict(sorted(hyper.items())), *paired])
    return hashlib.sha256(content.encode()).hexdigest()[:6]


def same_sequences(mixture: Mixture, other: Mixture, sequences: float) -> bool:
    """Whether no language's share of a run of ``sequences`` differs by half a sequence or more."""
    languages = {*mixture, *other}
    return all(abs(mixture.get(name, 0.0) - other.get(name, 0.0)) * sequences < 0.5 for name in languages)


def comparison_runs(
    config: StudyConfig,
    scale: Scale,
    mixtures: Mapping[str, Mixture],
    unique_tokens: int | dict[str, int] | None,
    hyper: Mapping[str, float],
    measured: Organisation | None = None,
) -> dict[str, list[RunSpec]]:
    """The runs at one scale: one for each mixture and seed; mixtures that train on the same sequences share theirs.

    Parameters
    ----------
    config
        The study.
    scale
        The size and D, and how many seeds each mixture has.
    mixtures
        What is compared, by role.
    unique_tokens
        The distinct tokens of each language that every run is held to; None where it has them all.
    hyper
        The incumbent's hyperparameters, which all runs have, so that a difference is the mixtures'.
    measured
        The data's organisation that the search chose with its mixture; the others have the study's, which is what a law
        fitted to the study's runs speaks of.

    Returns
    -------
    dict of str to list of RunSpec
        By role, in the order of the seeds.
    """
    runs: dict[str, list[RunSpec]] = {}
    for role, mixture in mixtures.items():
        sequences = scale.tokens / config.training.context
        organisation = (measured if role == MEASURED else None) or config.training.organisation
        twin = next(
            (
                other
                for other, specs in runs.items()
                if specs[0].organisation == organisation and same_sequences(mixtures[other], mixture, sequences)
            ),
            None,
        )
        runs[role] = runs[twin] if twin else _runs(config, scale, role, mixture, organisation, unique_tokens, hyper)
    return runs


def _of_a_file(role: str) -> str:
    """``role`` as a part of a file's name: a baseline's word may hold a colon or a path."""
    return re.sub("[^A-Za-z0-9_.+]+", "-", role)[:60]


def _runs(
    config: StudyConfig,
    scale: Scale,
    role: str,
    mixture: Mixture,
    organisation: Organisation,
    unique_tokens: int | dict[str, int] | None,
    hyper: Mapping[str, float],
) -> list[RunSpec]:
    """The runs of one mixture, one for each seed."""
    stage = "comparison" if scale is config.comparison else "comparison-larger"
    return [
        RunSpec(
            run_id=f"{stage}-{_of_a_file(role)}-{digest(mixture, hyper, organisation)}-s{seed}",
            stage="comparison",
            size=scale.size,
            n_params=config.sizes[scale.size].n_params,
            token_points=(scale.tokens,),
            proportions=dict(mixture),
            unique_tokens=unique_tokens,
            seed=seed,
            organisation=organisation,
            hyper=dict(hyper),
            start=config.start_id,
        )
        for seed in comparison_seeds(config, scale)
    ]
