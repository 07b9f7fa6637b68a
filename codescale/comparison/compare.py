"""The mixtures' predicted and measured losses, their differences and the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from codescale.allocation.optimize import predict_objective
from codescale.artifact import Interval
from codescale.comparison.baselines import against_baselines, mixture_difference, yardstick_of
from codescale.comparison.documents.layout import distinct, document_layout
from codescale.comparison.documents.summary import of_documents, text_shares, with_crossed
from codescale.comparison.documents.text_noise import proof_noise
from codescale.comparison.foretold import foretold, predicted_difference
from codescale.comparison.harm import harm_of
from codescale.comparison.losses import read_test_losses
from codescale.comparison.plan import MEASURED, PREDICTED, UNIFORM
from codescale.comparison.result import (
    BaselineVerdict,
    ComparedMixture,
    ComparisonVerdict,
    ForetoldDifference,
    Harm,
    JudgedSplit,
    MixtureCost,
    MixtureDifference,
    PredictedLosses,
    ScaleComparison,
    SeedMean,
    TextShares,
)
from codescale.comparison.statistics import LEVEL, summary
from codescale.comparison.verdict import beats, nothing_found, of_harm, of_two_things, statement
from codescale.comparison.worth import WorthScales, with_worth
from codescale.corpus.reader import Corpus
from codescale.directions import is_direction
from codescale.errors import UserError
from codescale.laws.law import Law
from codescale.mixtures.mixture import Mixture
from codescale.mixtures.no_harm import NoHarmRule
from codescale.runs.records import RunRecord
from codescale.search.objective.objective import Objective
from codescale.study.comparison import ON_VALIDATION, Scale
from codescale.study.config import StudyConfig

Losses = Mapping[str, float]


def prediction(config: StudyConfig, scale: Scale, law: Law, mixture: Mixture) -> PredictedLosses:
    """What ``law`` says of ``mixture`` at the scale's N and D: objective and losses, each with its interval."""
    shares = mixture.array(law.domains)[None, :]
    n_params = np.array([float(config.sizes[scale.size].n_params)])
    predicted = law.predict(n_params, np.array([float(scale.tokens)]), shares)
    losses = {
        target: _interval(predicted.losses[0, k], predicted.low[0, k], predicted.high[0, k])
        for k, target in enumerate(law.targets)
    }
    value, low, high = predict_objective(law, n_params[0], float(scale.tokens), mixture, config.weights())
    return PredictedLosses(objective=_interval(value, low, high), losses=losses)


def _interval(value: float, low: float, high: float) -> Interval:
    """Without ends where a law has none: few runs, all of one N and D, give no samples of it."""
    known = math.isfinite(low) and math.isfinite(high)
    return Interval(value=float(value), low=float(low) if known else None, high=float(high) if known else None)


def _summaries(losses: Sequence[Losses], config: StudyConfig) -> JudgedSplit:
    objective = Objective.of(config.weights(), config.comparison.tokens)
    measured = {
        name: summary([run[name] for run in losses]) for name in config.directions if all(name in run for run in losses)
    }
    translations = {"translations": measured} if measured else {}
    return JudgedSplit(
        objective=summary([objective.value(run) for run in losses]),
        losses={language: summary([run[language] for run in losses]) for language in config.languages},
        **translations,
    )


def _measured(records: Sequence[RunRecord], folder: Path, config: StudyConfig, corpus: Corpus | None) -> JudgedSplit:
    measured = _summaries([read_test_losses(folder, record.spec.run_id).losses for record in records], config)
    if corpus is None:
        return measured
    bits = {}
    for language, loss in measured.losses.items():
        scale, error = 1 / (math.log(2) * corpus.bytes_per_token(language, "test")), loss.standard_error
        bits[language] = SeedMean(mean=loss.mean * scale, standard_error=None if error is None else error * scale)
    return measured.model_copy(update={"bits_per_byte": bits})


def _check(records: Mapping[str, Sequence[RunRecord]]) -> None:
    for record in (record for runs in records.values() for record in runs):
        if record.status != "ok":
            raise UserError(
                f"runs/{record.spec.run_id}.json",
                f"the run ended as {record.status} ({record.note or 'no reason given'})",
                "delete the file and run the comparison again, or lower the learning rate",
            )


def compare_runs(
    config: StudyConfig,
    scale: Scale,
    corpus: Corpus | None,
    law: Law | None,
    records: Mapping[str, Sequence[RunRecord]],
    test_losses: Path,
    labels: Mapping[str, str],
    yardstick: str | None = None,
) -> ScaleComparison:
    """The comparison at one scale. Predictions are of the validation split, which the law was fitted on; differences
    and verdict are of the test split.

    Parameters
    ----------
    config
        The study, with the weights of the search's question.
    scale
        The size and D that mixtures are compared at.
    corpus
        The study's corpus, for bits per byte; None where a command trained, on data that only it knows.
    law
        What predicts; None where there is none.
    records
        The comparison's runs at that scale, by role, in the order of their seeds.
    test_losses
        The folder of the runs' losses on the test split.
    labels
        What a person reads for each language.
    yardstick
        The baseline that the verdict is about; None: the study's, which may be chosen here.

    Raises
    ------
    UserError
        Where a run did not end well.
    """
    _check(records)
    measured = {role: _measured(runs, test_losses, config, corpus) for role, runs in records.items()}
    differences = {
        role: mixture_difference(entry, measured[UNIFORM]) for role, entry in measured.items() if role != UNIFORM
    }
    mixtures = {
        role: _compared(
            config, runs, measured[role], prediction(config, scale, law, runs[0].spec.mixture) if law else None
        )
        for role, runs in records.items()
    }
    section = config.comparison
    baselines = {word: measured[word] for word in section.compared}
    validation = {word: one for word in baselines if (one := mixtures[word].validation) is not None}
    best = yardstick_of(yardstick or section.yardstick, validation)
    verdicts = against_baselines(measured[MEASURED], baselines)
    if law is not None:
        chosen, others = records[MEASURED][0].spec.mixture, {word: records[word][0].spec.mixture for word in baselines}
        verdicts = with_worth(
            verdicts, law, chosen, others, _scales(config, scale), config.weights(), len(records[UNIFORM])
        )
    objective = Objective.of(config.weights(), scale.tokens).weights
    # Translations are of documents that languages have too: the two are not independent of each other.
    by_document = not any(map(is_direction, objective))
    layout, noise = document_layout(records, test_losses) if by_document else None, None
    if layout is not None:
        verdicts = with_crossed(verdicts, layout, MEASURED, objective)
        noise = proof_noise(layout.only(distinct(records)), objective)
    text = None if noise is None else text_shares(noise)
    rule = section.no_harm or NoHarmRule(UNIFORM, 0.0)
    harm = harm_of(measured[MEASURED], measured[rule.reference], rule)
    harm = harm.model_copy(update={"written": section.no_harm is not None})
    return ScaleComparison(
        n_params=records[UNIFORM][0].spec.n_params,
        n_tokens=records[UNIFORM][0].evaluations[-1].n_tokens,
        split="test",
        level=LEVEL,
        seeds=tuple(record.spec.seed for record in records[UNIFORM]),
        weights=config.weights(),
        corpus_id=records[UNIFORM][0].corpus_id if corpus is None else corpus.corpus_id,
        mixtures=mixtures,
        differences=differences,
        measured_minus_predicted=mixture_difference(measured[MEASURED], measured[PREDICTED]),
        foretold=_foretold(config, scale, law, mixtures) if law else {},
        baselines=verdicts,
        yardstick=best,
        harm=harm,
        test_text=text,
        verdict=_verdict(config, records, differences, verdicts, best, harm, labels, text),
    )


def _scales(config: StudyConfig, scale: Scale) -> WorthScales:
    return WorthScales(
        measured=(float(config.sizes[scale.size].n_params), float(scale.tokens)),
        forecast=(float(config.target_params()), float(config.target.n_tokens)),
    )


def _foretold(
    config: StudyConfig, scale: Scale, law: Law, mixtures: Mapping[str, ComparedMixture]
) -> dict[str, ForetoldDifference]:
    """By role, against uniform: what the law says of the mixtures' difference, and the validation losses."""
    uniform, found = mixtures[UNIFORM], {}
    n_params, n_tokens = float(config.sizes[scale.size].n_params), float(scale.tokens)
    for role, entry in mixtures.items():
        if role == UNIFORM or entry.validation is None or uniform.validation is None:
            continue
        pair = Mixture(entry.proportions), Mixture(uniform.proportions)
        predicted = predicted_difference(law, n_params, n_tokens, *pair, config.weights())
        found[role] = foretold(predicted, mixture_difference(entry.validation, uniform.validation).objective)
    return found


def _compared(
    config: StudyConfig, runs: Sequence[RunRecord], measured: JudgedSplit, predicted: PredictedLosses | None
) -> ComparedMixture:
    spec = runs[0].spec
    return ComparedMixture(
        proportions=dict(spec.mixture),
        hyper=spec.hyper,
        organisation=spec.organisation,
        predicted=predicted,
        validation=_summaries([run.final_losses() for run in runs], config),
        measured=measured,
        cost=MixtureCost(
            tokens=sum(run.tokens_trained for run in runs),
            flops=sum(run.flops for run in runs),
            seconds=sum(run.seconds for run in runs),
        ),
    )


def _verdict(
    config: StudyConfig,
    records: Mapping[str, Sequence[RunRecord]],
    differences: Mapping[str, MixtureDifference],
    verdicts: Mapping[str, BaselineVerdict],
    yardstick: str,
    harm: Harm,
    labels: Mapping[str, str],
    text: TextShares | None,
) -> ComparisonVerdict:
    section, seeds = config.comparison, len(records[UNIFORM])
    if records[MEASURED] == records[yardstick]:
        said = nothing_found(seeds, yardstick)
    else:
        organised = [records[role][0].spec.organisation for role in (MEASURED, yardstick)]
        said = statement(verdicts, yardstick, section.yardstick != ON_VALIDATION, seeds)
        said += f" {of_harm(harm, section.no_harm, labels)}"
        said += of_two_things(organised[0], organised[1], yardstick)
        said += of_documents(verdicts[yardstick], text)
    return ComparisonVerdict(
        statement=said,
        beats_uniform=verdicts[UNIFORM].beats,
        predicted_beats_uniform=beats(differences[PREDICTED].objective),
        harmed=harm.told("harmed"),
    )
