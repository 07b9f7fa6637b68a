"""comparison.json: the three mixtures' predicted and measured losses, their differences and the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from codescale.allocation.optimize import predict_objective
from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM
from codescale.comparison.statistics import LEVEL, paired_difference, summary
from codescale.comparison.verdict import beats, harmed_languages, nothing_found, of_two_things, statement
from codescale.corpus.reader import Corpus
from codescale.errors import UserError
from codescale.laws.law import Law
from codescale.mixtures.mixture import Mixture
from codescale.runs.records import RunRecord
from codescale.search.objective.objective import Objective
from codescale.study.comparison import Scale
from codescale.study.config import StudyConfig
from codescale.training.jobs.many_runs import read_test_losses

Losses = Mapping[str, float]


def prediction(config: StudyConfig, scale: Scale, law: Law, mixture: Mixture) -> dict[str, Any]:
    """What ``law`` says of ``mixture`` at the scale's N and D: objective and losses, each with its interval."""
    shares = mixture.array(law.domains)[None, :]
    n_params = np.array([float(config.sizes[scale.size].n_params)])
    predicted = law.predict(n_params, np.array([float(scale.tokens)]), shares)
    losses = {
        target: {"value": float(predicted.losses[0, k]), "low": float(predicted.low[0, k]),
                 "high": float(predicted.high[0, k])}
        for k, target in enumerate(law.targets)
    }  # fmt: skip
    value, low, high = predict_objective(law, n_params[0], float(scale.tokens), mixture, config.weights())
    return {"objective": {"value": value, "low": low, "high": high}, "losses": losses}


def _summaries(losses: Sequence[Losses], config: StudyConfig) -> dict[str, Any]:
    objective = Objective.of(config.weights(), config.comparison.tokens)
    return {
        "objective": summary([objective.value(run) for run in losses]),
        "losses": {language: summary([run[language] for run in losses]) for language in config.languages},
    }


def _measured(records: Sequence[RunRecord], folder: Path, config: StudyConfig, corpus: Corpus) -> dict[str, Any]:
    measured = _summaries([read_test_losses(folder, record.spec.run_id).losses for record in records], config)
    measured["bits_per_byte"] = {}
    for language, loss in measured["losses"].items():
        scale = 1 / (math.log(2) * corpus.bytes_per_token(language, "test"))
        entry = {"mean": loss["mean"] * scale, "standard_error": loss["standard_error"] * scale}
        measured["bits_per_byte"][language] = entry
    return measured


def _difference(entry: Mapping[str, Any], reference: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "objective": paired_difference(entry["objective"]["values"], reference["objective"]["values"]),
        "losses": {
            language: paired_difference(loss["values"], reference["losses"][language]["values"])
            for language, loss in entry["losses"].items()
        },
    }


def _check(records: Mapping[str, Sequence[RunRecord]]) -> None:
    for record in (record for runs in records.values() for record in runs):
        if record.status != "ok":
            raise UserError(
                f"runs/{record.spec.run_id}.json",
                f"the run ended as {record.status} ({record.note or 'no reason given'})",
                "delete the file and run the comparison again, or lower the learning rate",
            )


def compare(
    config: StudyConfig,
    scale: Scale,
    corpus: Corpus,
    law: Law | None,
    records: Mapping[str, Sequence[RunRecord]],
    test_losses: Path,
    labels: Mapping[str, str],
) -> dict[str, Any]:
    """What comparison.json holds of one ``scale``, from the comparison's ``records`` there, by role.

    Predictions are of the validation split, which the law was fitted on; differences and verdict are of the test split.
    Raises :class:`UserError` where a run did not end well.
    """
    _check(records)
    measured = {role: _measured(runs, test_losses, config, corpus) for role, runs in records.items()}
    differences = {role: _difference(entry, measured[UNIFORM]) for role, entry in measured.items() if role != UNIFORM}
    harmed = harmed_languages(differences[MEASURED]["losses"])
    seeds = [record.spec.seed for record in records[UNIFORM]]
    if records[MEASURED] == records[UNIFORM]:
        verdict = nothing_found(len(seeds))
    else:
        verdict = statement(differences[MEASURED], harmed, len(seeds), labels)
        verdict += of_two_things(records[MEASURED][0].spec.organisation, records[UNIFORM][0].spec.organisation)
    mixtures = {}
    for role, runs in records.items():
        mixture = runs[0].spec.mixture
        mixtures[role] = {
            "proportions": dict(mixture),
            "hyper": runs[0].spec.hyper,
            "organisation": runs[0].spec.organisation,
            "predicted": prediction(config, scale, law, mixture) if law else None,
            "validation": _summaries([run.final_losses() for run in runs], config),
            "measured": measured[role],
            "cost": {
                "tokens": sum(run.tokens_trained for run in runs),
                "flops": sum(run.flops for run in runs),
                "seconds": sum(run.seconds for run in runs),
            },
        }
    return {
        "n_params": records[UNIFORM][0].spec.n_params,
        "n_tokens": records[UNIFORM][0].evaluations[-1].n_tokens,
        "split": "test",
        "level": LEVEL,
        "seeds": seeds,
        "weights": config.weights(),
        "corpus_id": corpus.corpus_id,
        "mixtures": mixtures,
        "differences": differences,
        "measured_minus_predicted": _difference(measured[MEASURED], measured[PREDICTED]),
        "verdict": {
            "statement": verdict,
            "beats_uniform": beats(differences[MEASURED]["objective"]),
            "predicted_beats_uniform": beats(differences[PREDICTED]["objective"]),
            "harmed": harmed,
        },
    }
